const personDigits = 6;
const sequenceDigits = 8;
const opening = Buffer.from('"text":"#');

/** The beginning of a message's text: who wrote it and which of the person's messages it is, counted from 1. */
export function stamp(person: number, sequence: number): string {
  return `#${String(person).padStart(personDigits, '0')}.${String(sequence).padStart(sequenceDigits, '0')}`;
}

/** Finds the stamps in the body of a webhook, in order, without parsing it: the receivers must cost little. */
export function readStamps(body: Buffer, visit: (person: number, sequence: number) => void): void {
  for (let at = body.indexOf(opening); at !== -1; at = body.indexOf(opening, at)) {
    at += opening.length;
    const sequenceAt = at + personDigits + 1;
    visit(readDigits(body, at, personDigits), readDigits(body, sequenceAt, sequenceDigits));
    at = sequenceAt + sequenceDigits;
  }
}

function readDigits(body: Buffer, at: number, count: number): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) value = value * 10 + (body[index] ?? 0) - 0x30;
  return value;
}
