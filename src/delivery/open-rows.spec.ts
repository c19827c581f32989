import fc from 'fast-check';
import { OpenRows } from './open-rows.js';

it('knows the lowest open row, whatever the order of closing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(5)), { maxLength: 60 }), (steps) => {
      const rows = new OpenRows();
      const model: number[] = [];
      let next = 1;
      for (const [opens, pick] of steps) {
        if (opens || model.length === 0) {
          // Now and then a second delivery of the same row, and now and then one that was passed over.
          const id = pick === 0 ? Math.max(next - 1, 1) : pick === 1 ? Math.max(next - 3, 1) : next++;
          if (pick === 1 || (pick === 0 && !model.includes(id))) rows.reopen(id);
          else rows.open(id);
          model.push(id);
          next = Math.max(next, id + 1);
        } else {
          const [id] = model.splice(pick % model.length, 1);
          rows.close(id ?? 0);
        }
        expect(rows.lowest()).toBe(model.length === 0 ? undefined : Math.min(...model));
        expect(rows.size).toBe(new Set(model).size);
      }
    }),
  );
});

it('refuses to close what is not open', () => {
  expect(() => new OpenRows().close(1)).toThrow(/not open/);
});
