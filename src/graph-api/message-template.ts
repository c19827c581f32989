import { GraphError } from './graph-error.js';
import { readChoice, readObjects, readText, type Fields } from './parameter-values.js';

const templateTypes = [
  'generic',
  'button',
  'media',
  'receipt',
  'product',
  'coupon',
  'customer_feedback',
  'customer_information',
  'one_time_notif_req',
  'notification_messages',
  'airline_boardingpass',
  'airline_checkin',
  'airline_itinerary',
  'airline_update',
] as const;

const buttonTypes = [
  'postback',
  'web_url',
  'phone_number',
  'account_link',
  'account_unlink',
  'game_play',
  'element_share',
] as const;

const buttonsMax = 3;
const elementsMax = 10;
const buttonTitleLengthMax = 20;
const payloadLengthMax = 1000;

/**
 * Checks a template's payload and returns it with everything inside decoded. Templates that people can answer (generic,
 * button, media) are checked in full; the others are passed on as they are.
 */
export function readTemplate(payload: Fields, path: string): Fields {
  const type = readChoice(payload, 'template_type', `${path}[template_type]`, templateTypes);
  switch (type) {
    case null:
      throw new GraphError('parameter_required', `${path}[template_type]`);
    case 'generic':
      return { ...payload, elements: readElements(payload, path, elementsMax, true) };
    case 'media':
      return { ...payload, elements: readElements(payload, path, 1, false) };
    case 'button': {
      const text = readText(payload, 'text', `${path}[text]`, 640);
      if (text === null) throw new GraphError('parameter_required', `${path}[text]`);
      const buttons = readButtons(payload, path);
      if (buttons === null || buttons.length === 0) throw new GraphError('parameter_required', `${path}[buttons]`);
      return { ...payload, text, buttons };
    }
    default:
      return payload;
  }
}

function readElements(payload: Fields, path: string, lengthMax: number, titled: boolean): readonly Fields[] {
  const elements = readObjects(payload, 'elements', `${path}[elements]`, lengthMax);
  if (elements === null || elements.length === 0) throw new GraphError('parameter_required', `${path}[elements]`);
  return elements.map((element, index) => {
    const at = `${path}[elements][${index}]`;
    if (readText(element, 'title', `${at}[title]`, 80) === null && titled) {
      throw new GraphError('parameter_required', `${at}[title]`);
    }
    readText(element, 'subtitle', `${at}[subtitle]`, 80);
    const buttons = readButtons(element, at);
    return buttons === null ? element : { ...element, buttons };
  });
}

function readButtons(holder: Fields, path: string): readonly Fields[] | null {
  const buttons = readObjects(holder, 'buttons', `${path}[buttons]`, buttonsMax);
  buttons?.forEach((button, index) => checkButton(button, `${path}[buttons][${index}]`));
  return buttons;
}

function checkButton(button: Fields, path: string): void {
  const type = readChoice(button, 'type', `${path}[type]`, buttonTypes);
  if (type === null) throw new GraphError('parameter_required', `${path}[type]`);
  const title = readText(button, 'title', `${path}[title]`, buttonTitleLengthMax);
  const payload = readText(button, 'payload', `${path}[payload]`, payloadLengthMax);
  const url = readText(button, 'url', `${path}[url]`, 2000);
  const needsTitle = type === 'postback' || type === 'web_url' || type === 'phone_number';
  if (needsTitle && title === null) throw new GraphError('parameter_required', `${path}[title]`);
  if ((type === 'postback' || type === 'phone_number') && payload === null) {
    throw new GraphError('parameter_required', `${path}[payload]`);
  }
  if ((type === 'web_url' || type === 'account_link') && url === null) {
    throw new GraphError('parameter_required', `${path}[url]`);
  }
}
