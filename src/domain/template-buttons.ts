/** A button that answers with a postback. */
export interface PostbackButton {
  readonly title: string;
  readonly payload: string;
}

/** The postback buttons of a template in the shape of the Send API: its own and those of its elements. */
export function buttonsOf(template: unknown): PostbackButton[] {
  if (!isFields(template)) return [];
  return [...listOf(template['buttons']).flatMap(postbackOf), ...listOf(template['elements']).flatMap(buttonsOf)];
}

function postbackOf(button: unknown): PostbackButton[] {
  if (!isFields(button) || button['type'] !== 'postback') return [];
  const { title, payload } = button;
  return typeof title === 'string' && typeof payload === 'string' ? [{ title, payload }] : [];
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
