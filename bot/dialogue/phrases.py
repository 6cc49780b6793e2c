"""What the engine says where the project's domain says nothing: a table of sentences per response and
language.

A project overrides any of them with a response of the same name.
"""

from __future__ import annotations

# Words that are a yes or a no by themselves, folded.
YES = frozenset(
    {"yes", "y", "yeah", "yep", "yup", "sure", "ok", "okay", "correct", "right", "that's right", "exactly"}
    | {"please do", "go ahead", "yes please", "do it", "true"}
    | {"是", "是的", "对", "对的", "好", "好的", "可以", "没错", "确认", "嗯", "行"}
)
NO = frozenset(
    {"no", "n", "nope", "nah", "no thanks", "no thank you", "not", "wrong", "don't", "rather not", "false"}
    | {"否", "不", "不是", "不对", "不要", "不用", "不行", "没有", "错了"}
)
# Words by which a customer stops a flow, hears it again, or asks what there is, where no intent says so.
STOP_WORDS = frozenset(
    {
        "stop",
        "cancel",
        "never mind",
        "nevermind",
        "forget it",
        "abort",
        "quit",
        "取消",
        "算了",
        "停",
        "不办了",
    }
)
REPEAT_WORDS = frozenset(
    {"repeat", "say that again", "pardon", "come again", "what", "huh", "sorry what"}
    | {"再说一遍", "重复一遍", "什么", "啥", "你说什么"}
)
HELP_WORDS = frozenset({"help", "what can you do", "what can i ask", "你能做什么", "你会什么", "帮助"})

PHRASES: dict[str, dict[str, str]] = {
    "utter_clarify": {"en": "Which of these do you mean?", "zh": "请问您指的是哪一项？"},
    "utter_ask_rephrase": {
        "en": "Sorry, I did not understand that. Could you put it another way?",
        "zh": "抱歉，我没有理解您的意思。可以换一种说法吗？",
    },
    "utter_did_you_mean": {"en": "Did you mean “{intent}”?", "zh": "您是想问“{intent}”吗？"},
    "utter_yes": {"en": "Yes", "zh": "是的"},
    "utter_no": {"en": "No", "zh": "不是"},
    "utter_none_of_these": {"en": "None of these", "zh": "都不是"},
    "utter_back": {"en": "All right, one step back.", "zh": "好的，返回上一步。"},
    "utter_handed_over": {
        "en": "I am passing you to a colleague, who will answer here as soon as possible.",
        "zh": "我正在为您转接人工客服，同事会尽快在这里回复您。",
    },
    "utter_red_flag": {
        "en": "This may be an emergency. Please call your local emergency number now. "
        "I am also alerting a colleague.",
        "zh": "这可能是紧急情况，请立即拨打当地急救电话（中国大陆为120）。我也正在通知人工客服。",
    },
    "utter_action_failed": {
        "en": "I could not complete that just now. A colleague will help you.",
        "zh": "我暂时无法完成这项操作，人工客服会为您处理。",
    },
    "utter_held": {
        "en": "Thank you. A colleague will read this and answer here.",
        "zh": "谢谢，人工客服会看到您的留言并在这里回复。",
    },
    "utter_only_text": {
        "en": "I can only read written messages. Please tell me in words what I can do for you.",
        "zh": "我目前只能阅读文字消息，请用文字告诉我您需要什么帮助。",
    },
    "utter_form_resume": {"en": "Back to where we were.", "zh": "我们继续刚才的内容。"},
    "utter_cancelled": {"en": "All right, I have stopped that.", "zh": "好的，已为您取消。"},
    "utter_ask_for": {"en": "Please tell me: {slot}.", "zh": "请告诉我：{slot}。"},
    "utter_flow_confirm": {
        "en": "{flow}:{summary}\nShall I go ahead?",
        "zh": "{flow}：{summary}\n确认办理吗？",
    },
    "utter_flow_corrected": {"en": "All right, I have changed that.", "zh": "好的，已为您更改。"},
    "utter_flow_rejected": {"en": "I cannot take that.", "zh": "这个不行。"},
    "utter_flow_unclear": {"en": "Sorry, I did not understand that.", "zh": "抱歉，我没有理解。"},
    "utter_flow_expects_number": {"en": "Sorry, I need a number here.", "zh": "抱歉，这里需要一个数字。"},
    "utter_flow_expects_yes_or_no": {
        "en": "Sorry, I need a yes or a no here.",
        "zh": "抱歉，请回答“是”或“不是”。",
    },
    "utter_flow_expects_go_ahead": {
        "en": "Sorry, please say yes or no, or tell me what to change.",
        "zh": "抱歉，请回答“是”或“不是”，或者告诉我要改哪里。",
    },
    "utter_capabilities": {"en": "This is what I can do for you:", "zh": "我可以为您办理："},
    "utter_restart": {
        "en": "Let us begin again. What can I do for you?",
        "zh": "好的，我们重新开始。请问有什么可以帮您？",
    },
    "utter_offer_person": {
        "en": "If you would rather speak with a person, I can pass you to a colleague.",
        "zh": "如果您更希望与人工沟通，我可以为您转接。",
    },
    "utter_talk_to_human": {"en": "Talk to a person", "zh": "转人工客服"},
}
