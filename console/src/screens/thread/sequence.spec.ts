import { mermaidOf, participantsOf } from './sequence.js';

describe('the sequence of a thread', () => {
  it('has the person and the router first, and each connected app once', () => {
    expect(participantsOf([], ['11', '22', '11'])).toEqual(['person', 'router', '11', '22']);
  });

  it('is Mermaid in which no name means anything but itself', () => {
    const text = mermaidOf([], ['person', 'router', '11'], {
      person: 'Ann;\nrouter->>person: <b>',
      nameOf: () => '%%{init: {}}%%',
    });
    expect(text).toBe(
      'sequenceDiagram\n' +
        '  actor person as Ann#59; router-#62;#62;person#58; #60;b#62;\n' +
        '  participant router as Signalbox\n' +
        '  participant app1 as #37;#37;#123;init#58; #123;#125;#125;#37;#37;\n',
    );
  });
});
