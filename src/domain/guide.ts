/**
 * The platform's rules that differ between its generations, in one place. These are the ones of the Conversation Routing
 * guide as it was introduced: a thread always has an owner (the default app while nobody else has it), take, request and
 * extend are refused, and a release is silent.
 */
const hourMs = 60 * 60 * 1000;

/** How long control lasts after it moved or after the last event of the person that opens a conversation. */
export const controlWindowMs = 24 * hourMs;
/** How long after the person's last event any app in control may write. */
export const messagingWindowMs = 24 * hourMs;
/** How long a human may still answer: with the HUMAN_AGENT tag, or from an inbox. */
export const humanAgentWindowMs = 7 * 24 * hourMs;
/** A thread without an event of the person for this long counts as idle for social routing. */
export const socialIdleMs = 24 * hourMs;
