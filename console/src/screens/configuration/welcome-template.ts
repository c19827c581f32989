/** What is wrong with what was entered as a welcome template; null: nothing, or nothing was entered. */
export function templateProblem(text: string): string | null {
  if (text.trim() === '') return null;
  let template: unknown;
  try {
    template = JSON.parse(text);
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (typeof template === 'object' && template !== null && !Array.isArray(template)) return null;
  return 'A template is a JSON object, with a message.';
}

/** What a template offers, in a few words. */
export function templateSummary(template: Readonly<Record<string, unknown>> | null): string {
  if (template === null) return 'no welcome template';
  const text = JSON.stringify(template);
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  const parts = [
    counted(count(/"type":"(postback|web_url)"/g), 'button'),
    counted(count(/"content_type":/g), 'quick reply', 'quick replies'),
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'welcome template' : `welcome template with ${parts.join(' and ')}`;
}

function counted(count: number, one: string, many = `${one}s`): string | null {
  if (count === 0) return null;
  return count === 1 ? `1 ${one}` : `${count} ${many}`;
}

/** A template to begin with. */
export function exampleTemplate(title: string): string {
  const template = {
    message: {
      attachment: {
        type: 'template',
        payload: {
          template_type: 'generic',
          elements: [
            {
              title: title === '' ? 'Welcome' : title,
              subtitle: 'How may we help?',
              buttons: [{ type: 'postback', title: 'Tell me more', payload: 'TELL_MORE' }],
            },
          ],
        },
      },
      quick_replies: [{ content_type: 'text', title: 'Show prices', payload: 'PRICES' }],
    },
  };
  return JSON.stringify(template, null, 2);
}
