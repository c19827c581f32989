const kinds = [
  ['isPassThreadControl', (event) => `pass: ${event.passThreadControl.metadata}`],
  ['isTakeThreadControl', () => 'take'],
  ['isEcho', (event) => `echo: ${event.text ?? 'no text'}`],
  ['isPostback', (event) => `postback: ${event.postback.payload ?? 'no payload'}`],
  ['isQuickReply', (event) => `quick reply: ${event.quickReply.payload}`],
  ['isReaction', (event) => `reaction: ${event.reaction.reaction}`],
  ['isRead', () => 'read'],
  ['isDelivery', () => 'delivery'],
  ['isOptin', (event) => `opt-in: ${event.optin.ref}`],
  ['isReferral', (event) => `referral: ${event.ref}`],
  ['isText', (event) => `text: ${event.text}`],
];

/** Says what it hears, one line an event, and answers nothing. */
module.exports = async function Listener({ event }) {
  const [, tell] = kinds.find(([kind]) => event[kind]) ?? [];
  const { sender, recipient, timestamp, ...rest } = event.rawEvent;
  const told = tell?.(event) ?? Object.entries(rest).map(([key, value]) => `${key} ${Object.keys(value).join(' ')}`);
  const person = event.isEcho ? recipient.id : sender.id;
  console.log(`[${person}] ${event.isStandby ? 'standby' : 'live'} ${told}`);
};
