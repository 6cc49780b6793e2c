// What the pages say, in English and Chinese; the browser's language chooses.

const EN = {
  desk: "Service desk",
  greeting: "Hello. How can we help?",
  invitation: "Ask in your own words. If a person is needed, a colleague joins right here.",
  transcript: "Conversation",
  typing: "An answer is being written",
  isTyping: "{name} is typing",
  newer: "Newer messages ↓",
  yourMessage: "Your message",
  write: "Write a message…",
  send: "Send",
  online: "Online",
  connecting: "Connecting…",
  offline: "No connection. Your messages are kept and sent later.",
  waiting: "Waiting for a colleague",
  waitingPlace: "Waiting for a colleague, number {n} in line",
  withAgent: "You are talking with {name}",
  aColleague: "a colleague",
  noteQueue: "A colleague will take over. You can keep writing here.",
  noteAgent: "{name} joined the conversation",
  noteBot: "The assistant is back",
  you: "You",
  assistant: "Assistant",
  said: "{who}: {text}",
  unsent: "Not sent yet",
  refusedLine: "Not sent. {why}",
  tooFast: "Too many messages at once.",
  today: "Today",
  yesterday: "Yesterday",
  picture: "Picture",
};

const ZH = {
  desk: "服务台",
  greeting: "您好，需要什么帮助？",
  invitation: "请直接说出您的问题。需要人工时，同事会在这里接待您。",
  transcript: "对话",
  typing: "正在输入回复",
  isTyping: "{name}正在输入",
  newer: "查看新消息 ↓",
  yourMessage: "您的消息",
  write: "输入消息…",
  send: "发送",
  online: "在线",
  connecting: "连接中…",
  offline: "网络已断开。您的消息会保留，恢复后自动发送。",
  waiting: "正在等待同事接入",
  waitingPlace: "正在等待同事接入，您排在第 {n} 位",
  withAgent: "{name}正在为您服务",
  aColleague: "一位同事",
  noteQueue: "同事即将接入，您可以继续在此留言。",
  noteAgent: "{name}已加入对话",
  noteBot: "智能助手继续为您服务",
  you: "您",
  assistant: "智能助手",
  said: "{who}：{text}",
  unsent: "尚未发送",
  refusedLine: "未能发送。{why}",
  tooFast: "发送过快，请稍候。",
  today: "今天",
  yesterday: "昨天",
  picture: "图片",
};

const page = document.documentElement.dataset;
const spoken = (page.languages ?? "en").split(" ").map((tag) => tag.split("-")[0]);

/** The reader's language where the bot speaks it too, else the bot's first; of those these pages have. */
const wished = navigator.languages.map((tag) => tag.split("-")[0]).filter((tag) => spoken.includes(tag));
export const language = [...wished, ...spoken, "en"].find((tag) => ["en", "zh"].includes(tag));

/** The bot's name, as the project calls it. */
export const title = (page.title ?? "").replace(/^./u, (first) => first.toUpperCase());

/** Fills `{name}` places; the words themselves come from a table of the page. */
export function speak(table, key, values = {}) {
  const words = table[language][key] ?? table.en[key] ?? key;
  return words.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

export const say = (key, values) => speak({ en: EN, zh: ZH }, key, values);

/** Writes the words into a page's `data-say`, `data-label` and `data-hint` places. */
export function translate(root, words) {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of root.querySelectorAll("[data-say]")) node.textContent = words(node.dataset.say);
  for (const node of root.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", words(node.dataset.label));
    if (node.tagName === "BUTTON") node.title = words(node.dataset.label);
  }
  for (const node of root.querySelectorAll("[data-hint]")) node.placeholder = words(node.dataset.hint);
}

const clock = new Intl.DateTimeFormat(navigator.language, { hour: "numeric", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(navigator.language, { dateStyle: "medium" });

/** Hour and minute of seconds since the epoch. */
export const hour = (at) => clock.format(at * 1000);

/** "Today", "Yesterday" or the date of seconds since the epoch. */
export function day(at) {
  const then = new Date(at * 1000).setHours(0, 0, 0, 0);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - then) / 86_400_000);
  return days === 0 ? say("today") : days === 1 ? say("yesterday") : calendar.format(then);
}
