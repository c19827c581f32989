import { z } from 'zod';
import type { AppId } from '../../domain/ids.js';
import { defaultAppOf, type Channel, type Page } from '../../domain/page.js';
import { effectiveOwnerOf } from '../../domain/thread/decide.js';
import type { Thread } from '../../domain/thread/thread.js';
import { parseJson } from '../../domain/wire-json.js';
import type { ProfileProperty } from '../../store/messenger-profile.store.js';

/** A button outside the conversation; its payload is for the app that has set it. */
export interface ProfileButton {
  readonly appId: AppId;
  readonly title: string;
  readonly payload: string;
}

/** What a person sees around a conversation. */
export interface PersonProfile {
  readonly channel: Channel;
  readonly greeting: { readonly appId: AppId; readonly text: string } | null;
  readonly getStarted: { readonly appId: AppId; readonly payload: string } | null;
  readonly iceBreakers: readonly ProfileButton[];
  /** The menu's items that answer with a postback, those of inner menus too. */
  readonly menu: readonly ProfileButton[];
}

const questionSchema = z.object({ question: z.string(), payload: z.string() });
const menuItemSchema = z.object({
  type: z.string(),
  title: z.string(),
  payload: z.string().optional(),
  get call_to_actions() {
    return z.array(menuItemSchema).optional();
  },
});
const localised = { locale: z.string().optional() };
const schemas = {
  greeting: z.array(z.object({ ...localised, text: z.string() })),
  get_started: z.object({ payload: z.string() }),
  ice_breakers: z.array(
    z.union([questionSchema, z.object({ ...localised, call_to_actions: z.array(questionSchema) })]),
  ),
  persistent_menu: z.array(z.object({ ...localised, call_to_actions: z.array(menuItemSchema).optional() })),
} as const;

/**
 * What of the profiles of a page's apps one person sees. Of each property it is one app's: of the app that would answer
 * (the social app before a conversation has an owner, then its owner, then the default app), else of the app that has set
 * it last. Simulated people read the default locale.
 */
export function personProfile(
  properties: readonly ProfileProperty[],
  page: Page,
  channel: Channel,
  thread: Thread | null,
): PersonProfile {
  const preferred = [
    thread?.ownerAppId == null ? page.routing[channel].socialAppId : null,
    thread === null ? null : effectiveOwnerOf(thread, page),
    defaultAppOf(page, channel),
  ];
  const shown = <Schema extends z.ZodType>(name: keyof typeof schemas, schema: Schema) => {
    const candidates = properties.filter(({ property }) => property === name);
    const ofPreferred = preferred
      .map((appId) => candidates.find((candidate) => candidate.appId === appId))
      .find((candidate) => candidate !== undefined);
    const property = ofPreferred ?? candidates[0];
    if (property === undefined) return null;
    const parsed = schema.safeParse(parseJson(property.value));
    return parsed.success ? { appId: property.appId, value: parsed.data } : null;
  };

  const greeting = shown('greeting', schemas.greeting);
  const greetingText = greeting?.value.find(isDefault)?.text;
  const getStarted = shown('get_started', schemas.get_started);
  const iceBreakers = shown('ice_breakers', schemas.ice_breakers);
  const questions = iceBreakers?.value.flatMap((entry) => {
    if ('question' in entry) return entry;
    return isDefault(entry) ? entry.call_to_actions : [];
  });
  const menu = shown('persistent_menu', schemas.persistent_menu);
  const items = menu?.value.find(isDefault)?.call_to_actions;
  return {
    channel,
    greeting: greeting === null || greetingText === undefined ? null : { appId: greeting.appId, text: greetingText },
    getStarted: getStarted === null ? null : { appId: getStarted.appId, payload: getStarted.value.payload },
    iceBreakers:
      iceBreakers === null
        ? []
        : (questions ?? []).map(({ question, payload }) => ({ appId: iceBreakers.appId, title: question, payload })),
    menu: menu === null ? [] : postbacks(items ?? []).map((item) => ({ appId: menu.appId, ...item })),
  };
}

/** Every button that a person can tap outside the conversation, but for Get Started. */
export function profileButtons({ iceBreakers, menu }: PersonProfile): readonly ProfileButton[] {
  return [...iceBreakers, ...menu];
}

function isDefault({ locale }: { locale?: string | undefined }): boolean {
  return locale === undefined || locale === 'default';
}

function postbacks(items: readonly z.infer<typeof menuItemSchema>[]): { title: string; payload: string }[] {
  return items.flatMap(({ type, title, payload, call_to_actions: inner }) => [
    ...(type === 'postback' && payload !== undefined ? [{ title, payload }] : []),
    ...postbacks(inner ?? []),
  ]);
}
