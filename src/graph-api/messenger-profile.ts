import type { Channel } from '../domain/page.js';
import { GraphError } from './graph-error.js';
import { readNames, readObject, readObjects, readText, type Fields } from './parameter-values.js';

const greetingLengthMax = 160;
const payloadLengthMax = 1000;
const iceBreakersMax = 4;
const questionLengthMax = 80;
const menuItemsMax = 20;
const menuTitleLengthMax = 30;
const menuDepthMax = 3;
const domainsMax = 50;
const localesMax = 100;
const commandsMax = 100;

type Reader = (given: Fields, name: string) => unknown;

/** How each property is read and checked. Those that nothing here shows are kept and answered as they were sent. */
const readers = {
  greeting: readGreeting,
  get_started: readGetStarted,
  ice_breakers: readIceBreakers,
  persistent_menu: readPersistentMenu,
  whitelisted_domains: readDomains,
  account_linking_url: (given, name) => readText(given, name, name, 2000),
  commands: (given, name) => readObjects(given, name, name, commandsMax),
  home_url: (given, name) => readObject(given, name, name),
  target_audience: (given, name) => readObject(given, name, name),
  payment_settings: (given, name) => readObject(given, name, name),
} as const satisfies Readonly<Record<string, Reader>>;
export type ProfilePropertyName = keyof typeof readers;

const names = Object.keys(readers) as ProfilePropertyName[]; // the keys of a constant
/** Instagram has neither greetings nor a Get Started button. */
const namesByChannel: Readonly<Record<Channel, readonly ProfilePropertyName[]>> = {
  messenger: names,
  instagram: ['ice_breakers', 'persistent_menu'],
};

/** The properties a call sets, decoded. */
export function readProfile(parameters: Fields, channel: Channel): Map<ProfilePropertyName, unknown> {
  const properties = new Map<ProfilePropertyName, unknown>();
  for (const name of names) {
    const value: unknown = readers[name](parameters, name);
    if (value === null) continue;
    if (!namesByChannel[channel].includes(name)) {
      throw new GraphError('invalid_parameter', `Param ${name} is not supported on ${channel}`);
    }
    properties.set(name, value);
  }
  if (properties.size === 0) {
    throw new GraphError('invalid_parameter', `Requires one of the params: ${namesByChannel[channel].join(', ')}`);
  }
  return properties;
}

/** The properties that `fields` names; null: there is no `fields`. */
export function readProfileNames(parameters: Fields, channel: Channel): ProfilePropertyName[] | null {
  const asked = readNames(parameters, 'fields');
  return (
    asked?.map((given, index) => {
      const name = namesByChannel[channel].find((candidate) => candidate === given);
      if (name === undefined) {
        const known = namesByChannel[channel].join(', ');
        throw new GraphError('invalid_parameter', `Param fields[${index}] must be one of {${known}} - got "${given}"`);
      }
      return name;
    }) ?? null
  );
}

/** A menu is for people who have started a conversation, so it needs the button that starts one; not on Instagram. */
export function checkProfile(set: ReadonlySet<string>, channel: Channel): void {
  if (channel === 'messenger' && set.has('persistent_menu') && !set.has('get_started')) {
    throw new GraphError('get_started_required');
  }
}

function readGreeting(given: Fields, name: string): readonly Fields[] | null {
  const greetings = readObjects(given, name, name, localesMax);
  greetings?.forEach((greeting, index) => required(greeting, 'text', `${name}[${index}]`, greetingLengthMax));
  requireDefaultLocale(greetings, name);
  return greetings;
}

function readGetStarted(given: Fields, name: string): Fields | null {
  const button = readObject(given, name, name);
  if (button !== null) required(button, 'payload', name, payloadLengthMax);
  return button;
}

/** Either the questions themselves, or a list of them for each locale. */
function readIceBreakers(given: Fields, name: string): readonly Fields[] | null {
  const entries = readObjects(given, name, name, localesMax);
  if (entries === null) return null;
  const localised = entries.some((entry) => entry['call_to_actions'] !== undefined);
  if (!localised) return readQuestions(given, name, name);
  requireDefaultLocale(entries, name);
  return entries.map((entry, index) => {
    const path = `${name}[${index}][call_to_actions]`;
    return { ...entry, call_to_actions: readQuestions(entry, 'call_to_actions', path) };
  });
}

function readQuestions(given: Fields, name: string, path: string): readonly Fields[] {
  const questions = readObjects(given, name, path, iceBreakersMax) ?? [];
  if (questions.length === 0) throw new GraphError('parameter_required', path);
  questions.forEach((question, index) => {
    required(question, 'question', `${path}[${index}]`, questionLengthMax);
    required(question, 'payload', `${path}[${index}]`, payloadLengthMax);
  });
  return questions;
}

export function readPersistentMenu(given: Fields, name: string): readonly Fields[] | null {
  const menus = readObjects(given, name, name, localesMax);
  requireDefaultLocale(menus, name);
  return (
    menus?.map((menu, index) => {
      const items = readMenuItems(menu, `${name}[${index}][call_to_actions]`, 1);
      return items === null ? menu : { ...menu, call_to_actions: items };
    }) ?? null
  );
}

/** Menus within menus are of the past, and old clients still send them. */
function readMenuItems(menu: Fields, path: string, depth: number): readonly Fields[] | null {
  const items = readObjects(menu, 'call_to_actions', path, menuItemsMax);
  return (
    items?.map((item, index) => {
      const at = `${path}[${index}]`;
      required(item, 'title', at, menuTitleLengthMax);
      const type = required(item, 'type', at, 20);
      switch (type) {
        case 'postback':
          required(item, 'payload', at, payloadLengthMax);
          return item;
        case 'web_url':
          required(item, 'url', at, 2000);
          return item;
        case 'nested': {
          if (depth === menuDepthMax) throw new GraphError('invalid_parameter', `Param ${at} is nested too deeply`);
          return { ...item, call_to_actions: readMenuItems(item, `${at}[call_to_actions]`, depth + 1) ?? [] };
        }
        default:
          throw new GraphError(
            'invalid_parameter',
            `Param ${at}[type] must be one of {web_url, postback, nested} - got "${type}"`,
          );
      }
    }) ?? null
  );
}

function readDomains(given: Fields, name: string): readonly string[] | null {
  const domains = readNames(given, name);
  if (domains !== null && domains.length > domainsMax) {
    throw new GraphError('invalid_parameter', `Param ${name} must have no more than ${domainsMax} elements`);
  }
  domains?.forEach((domain, index) => {
    if (!/^https?:\/\/[^/]/i.test(domain)) {
      throw new GraphError('invalid_parameter', `Param ${name}[${index}] must be a valid URL`);
    }
  });
  return domains;
}

function required(given: Fields, name: string, path: string, lengthMax: number): string {
  const text = readText(given, name, `${path}[${name}]`, lengthMax);
  if (text === null) throw new GraphError('parameter_required', `${path}[${name}]`);
  return text;
}

function requireDefaultLocale(entries: readonly Fields[] | null, path: string): void {
  if (entries === null || entries.some(({ locale }) => locale === 'default')) return;
  throw new GraphError('invalid_parameter', `Param ${path} must have an entry with the locale default`);
}
