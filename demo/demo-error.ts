/** Why the demo cannot go on; the message is for people. */
export class DemoError extends Error {
  override name = 'DemoError';
}
