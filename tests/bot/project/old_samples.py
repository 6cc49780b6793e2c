"""A small bot that lends bicycles, as it would have been written for Rasa 2, and for Rasa 1."""

DOMAIN_2 = """\
# What the shop understands
version: "2.0"

intents:
- greet
- rent
- inform
- faq
- opening: {triggers: utter_opening}   # a fixed answer
- bye:
    triggers: utter_bye
    use_entities: []

entities: [city, {size: {roles: [frame]}}, number]

slots:
  city:            # where it is taken over
    type: text
    auto_fill: true
  size:
    type: unfeaturized
    # frames are in inches
  people: {type: float, auto_fill: false, max_value: 9}

  discount:
    type: any      # set by an action

forms:
  rental_form:     # what must be known
    ignored_intents: [faq]
    required_slots:
      # first the place
      city:
      - type: from_entity
        entity: city
      people:
      - type: from_entity
        entity: number
        not_intent: bye
      - type: from_text
  return_form:
    city:
    - type: from_entity
      entity: city
    - type: from_intent
      intent: inform
      value: "12"

responses:
  utter_greet:
  - "Hello, shall it be a bike?"
  - text: |
      Hello!
      We lend bikes.
  utter_bye:
  - text: Ride well
  utter_opening: [text: from nine to five, from ten on Sundays]
  utter_ask_city:
  - text: Where?
  utter_ask_people:
  - text: How many?

actions:
- action_price
- respond_faq
"""

CONFIG_2 = """\
language: en
pipeline:
- name: WhitespaceTokenizer
- name: DucklingHTTPExtractor   # numbers
  url: http://localhost:8000
policies:
- name: MemoizationPolicy
- name: FormPolicy
- name: MappingPolicy
# twice before anything else
- name: TwoStageFallbackPolicy
  nlu_threshold: 0.45
- name: EmbeddingPolicy
  epochs: 10
"""

STORIES_2 = """\
version: "2.0"
stories:
- story: a bike     # the usual way
  steps:
  - or:
    - intent: rent
    - intent: inform
  - action: rental_form
  - form: rental_form
  - action: action_deactivate_form
  - form: null
  - action: utter_bye
- story: a question
  steps:
  - intent: faq
  - action: respond_faq
"""

NLU_2 = """\
version: "2.0"
nlu:
- intent: greet
  examples: |
    - hello
    - hi
- intent: rent
  examples: |
    - a bike in [Bern](city)
    - I want a bike
- intent: inform
  examples: |
    - [two](number)
    - in [Basel](city)
- intent: opening
  examples: |
    - when do you open
    - opening times
- intent: bye
  examples: |
    - bye
    - see you
- intent: faq/helmet
  examples: |
    - do I need a helmet
    - are helmets needed
responses:
  faq/helmet:
  - text: No, but take one.
"""

RASA_2 = {
    "domain.yml": DOMAIN_2,
    "config.yml": CONFIG_2,
    "data/stories.yml": STORIES_2,
    "data/nlu.yml": NLU_2,
    "endpoints.yml": "action_endpoint: {url: 'http://localhost:5055/webhook'}\n",
}

RASA_1 = {
    "config.yml": "language: en\npipeline: supervised_embeddings\npolicies:\n- name: KerasPolicy\n",
    "domain.yml": """\
intents:
- greet
- rent
- chitchat
entities:
- city
slots:
  city: {type: text}
  seen: {type: unfeaturized}
forms:
- rental_form
templates:
  utter_greet:
  - text: Hello
actions:
- utter_greet
- respond_chitchat
""",
    "data/nlu.md": """\
## intent:greet
- hello
<!-- not this
- either -->
* hi there

## intent:rent
- a bike in [Bern](city)
- a bike in the [capital](city:Bern)
what is this

## intent:chitchat/weather
- is it raining

## synonym:Basel
- bale

## regex:plate
- [A-Z]{2}[0-9]{4}

## lookup:city
data/cities.txt

## lookup:secret
../../outside.txt
""",
    "data/cities.txt": "Bern\nBasel\n",
    "data/responses.md": """\
## the weather
* chitchat/weather
  - It never rains here.
  - Look\\nout of the window.
""",
    "data/stories.md": """\
## a bike
* greet
  - utter_greet
* rent{"city": "Bern"} OR rent   <!-- both -->
  - rental_form
  - form{"name": "rental_form"}
  - slot{"city": "Bern", "seen": null}
* form: rent{"city": "Basel"}
  - form: rental_form
  - form{"name": null}
  - reminder{"action": "x"}
> rented

## after
> rented{"city": "Bern"}
* chitchat/weather
  - respond_chitchat
""",
    "tests/conversation_tests.md": """\
## hello
* greet: hello
  - utter_greet
* rent: a bike in [Bern](city)
  - rental_form
""",
}
