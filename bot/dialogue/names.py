"""The names that the engine gives a meaning: actions, slots and intents, most of them Rasa's.

Knows what they are called; what they do is told where they are used.
"""

from __future__ import annotations

LISTEN = "action_listen"
EXTRACT_SLOTS = "action_extract_slots"
VALIDATE_SLOTS = "action_validate_slot_mappings"
SESSION_START = "action_session_start"
DEACTIVATE_LOOP = "action_deactivate_loop"
RESTART = "action_restart"
DEFAULT_FALLBACK = "action_default_fallback"
HAND_OVER = "action_hand_over"
REPEAT = "action_repeat"
BACK = "action_back"
CAPABILITIES = "action_tell_capabilities"
TWO_STAGE_FALLBACK = "action_two_stage_fallback"
ASK_AFFIRMATION = "action_default_ask_affirmation"
ASK_REPHRASE = "action_default_ask_rephrase"
REVERT_FALLBACK = "action_revert_fallback_events"
UNLIKELY_INTENT = "action_unlikely_intent"
ANSWER = "action_answer"
CLARIFY = "action_clarify"
REQUESTED_SLOT = "requested_slot"
LANGUAGE_SLOT = "language"
SPOKEN_SLOT = "spoken_language"  # in its place where a project's own slot `language` means something else
KNOWLEDGE_INTENT = "faq"
FALLBACK_INTENT = "nlu_fallback"
OUT_OF_SCOPE_INTENTS = frozenset({"out_of_scope", "oos", FALLBACK_INTENT})

# Intents by which a customer asks for a person, by the names that Rasa projects give them.
HUMAN_INTENTS = frozenset({"talk_to_human", "human_handoff", "handoff", "speak_to_agent", "ask_human"})

# Rasa's default actions: one that the domain lists among its actions is the project's own.
DEFAULT_ACTIONS = frozenset(
    {
        LISTEN, EXTRACT_SLOTS, SESSION_START, DEACTIVATE_LOOP, RESTART, BACK, UNLIKELY_INTENT,
        DEFAULT_FALLBACK, TWO_STAGE_FALLBACK, ASK_AFFIRMATION, ASK_REPHRASE, REVERT_FALLBACK,
    }
)  # fmt: skip
BUILT_IN_ACTIONS = DEFAULT_ACTIONS | {HAND_OVER, REPEAT, CAPABILITIES, ANSWER, CLARIFY}

# Intents by which flows are stopped, said again and told of, by the names that Rasa projects give them.
STOP_INTENTS = frozenset({"stop", "cancel", "never_mind", "nevermind", "abort", "cancel_flow"})
REPEAT_INTENTS = frozenset({"repeat", "say_again", "repeat_that"})
HELP_INTENTS = frozenset({"what_can_you_do", "ask_capabilities", "capabilities", "help", "ask_whatcanyoudo"})
AFFIRM_INTENTS = frozenset({"affirm", "yes", "confirm"})
DENY_INTENTS = frozenset({"deny", "no", "reject"})

# Intents that run a default action whatever rules say (rasa.core.policies.rule_policy).
DEFAULT_INTENTS = {"restart": RESTART, "back": BACK, "session_start": SESSION_START}
# Intents that every bot has, whether its domain lists them or not.
BUILT_IN_INTENTS = frozenset({*DEFAULT_INTENTS, "out_of_scope", FALLBACK_INTENT, KNOWLEDGE_INTENT})
