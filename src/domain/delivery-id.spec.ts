import { deliveryId, parseDeliveryId } from './delivery-id.js';

it('comes apart again', () => {
  const text = deliveryId('0a1b2c3d', { lane: 255, id: 123_456_789_012, notice: 3 });
  expect(text).toBe('0a1b2c3d-255-123456789012-3');
  expect(parseDeliveryId(text)).toEqual({ incarnation: '0a1b2c3d', lane: 255, id: 123_456_789_012, notice: 3 });
});

it.each(['', '1-2-3', 'x-1-2-3-4', 'a-1-2--3', 'a-1.5-2-3', "a-1-2-3'", 'a-1-99999999999999999-0'])(
  'does not take %p for one',
  (text) => expect(parseDeliveryId(text)).toBeNull(),
);
