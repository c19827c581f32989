import { readFile, writeFile } from 'node:fs/promises';

/** A part of a report that a document has between two comments: `<!-- bench: NAME -->` and `<!-- /bench -->`. */
export interface ReportPart {
  readonly name: string;
  /** Markdown. */
  readonly text: string;
}

/** Puts the parts into the document, each in place of what was measured before. Throws if it has no place for one. */
export async function recordIn(file: string, parts: readonly ReportPart[]): Promise<void> {
  let text = await readFile(file, 'utf8');
  for (const part of parts) {
    const opening = `<!-- bench: ${part.name} -->\n`;
    const from = text.indexOf(opening);
    const to = text.indexOf('<!-- /bench -->', from);
    if (from === -1 || to === -1) throw new Error(`${file} has no place for the measurement "${part.name}".`);
    text = `${text.slice(0, from + opening.length)}\n${part.text.trim()}\n\n${text.slice(to)}`;
  }
  await writeFile(file, text);
}
