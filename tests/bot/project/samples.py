"""A small bot that orders pizza, in Rasa's files."""

DOMAIN = """\
version: "3.1"
intents:
- greet
- order:
    use_entities: [size]
- stop
entities:
- size
- city:
    roles: [from, to]
slots:
  size:
    type: categorical
    values: [small, large]
    mappings:
    - type: from_entity
      entity: size
      not_intent: greet
  toppings:
    type: float
    min_value: 0
    max_value: 9
    initial_value: 2
    influence_conversation: false
    mappings:
    - type: from_text
      conditions:
      - active_loop: order_form
        requested_slot: toppings
forms:
  order_form:
    ignored_intents: [stop]
    required_slots: [size, toppings]
responses:
  utter_greet:
  - text: Hello
    buttons:
    - {title: Order, payload: '/order{"size": "large"}'}
  - text: Hi there
    channel: telegram
    id: short
    metadata: {tone: light}
  utter_ask_size:
  - text: Which size?
    quick_replies:
    - {title: Small, payload: small}
  utter_ask_order_form_toppings:
  - text: How many toppings?
  utter_done:
  - text: A {size} one with {toppings} toppings.
    image: https://example.com/pizza.png
actions:
- action_price
- action_bill: {send_domain: true}
session_config:
  session_expiration_time: 30
  carry_over_slots_to_new_session: false
"""

NLU = """\
version: "3.1"
nlu:
- intent: greet
  metadata: {title: Say hello}
  examples: |
    - hello
    - hi there
- intent: order
  examples: |
    - a [big](size:large) one
    - from [Bern]{"entity": "city", "role": "from"}
- intent: stop
  examples:
  - text: |
      stop it
    metadata: {sentiment: -1}
- synonym: small
  examples: |
    - tiny
- lookup: city
  examples: |
    - Bern
    - Rome
- regex: zip
  examples: |
    - \\d{4}
"""

RULES = """\
version: "3.1"
rules:
- rule: greet back
  steps:
  - intent: greet
  - action: utter_greet
- rule: start the order
  steps:
  - or:
    - intent: order
    - intent: stop
  - action: order_form
  - active_loop: order_form
- rule: finish the order
  condition:
  - active_loop: order_form
  - slot_was_set:
    - size
    - toppings: 3
  steps:
  - action: order_form
  - active_loop: null
  - slot_was_set:
    - requested_slot: null
  - action: utter_done
  wait_for_user_input: false
"""

PROJECT = {
    "domain.yml": DOMAIN,
    "data/nlu.yml": NLU,
    "data/rules.yml": RULES,
    "endpoints.yml": "action_endpoint: {url: 'http://localhost:5055/webhook'}\n",
    "config.yml": "language: en\n",
}
