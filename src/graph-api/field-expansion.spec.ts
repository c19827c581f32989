import { readAskedFields } from './field-expansion.js';

describe('the fields a call asks for', () => {
  it('may have limits and fields of their own', () => {
    const fields = 'id, messages.limit(5){id,from{name}},participants{id},updated_time';
    expect(readAskedFields({ fields }, [])).toEqual([
      { name: 'id', limit: null, parameters: {} },
      { name: 'messages', limit: 5, parameters: { fields: 'id,from{name}' } },
      { name: 'participants', limit: null, parameters: { fields: 'id' } },
      { name: 'updated_time', limit: null, parameters: {} },
    ]);
  });

  it('are the standard ones if it names none', () => {
    expect(readAskedFields({}, ['id'])).toEqual([{ name: 'id', limit: null, parameters: {} }]);
  });
});
