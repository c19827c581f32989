import {
  ad,
  adEntry,
  adOfNobody,
  adOfStranger,
  adTap,
  bystander,
  day,
  desk,
  link,
  linkClick,
  marketing,
  message,
  newYear,
  page,
  person,
  shop,
  social,
  stranger,
  tappedAd,
  threadIn,
  userEvent,
} from '../../test/support/thread-fixtures.js';
import { assign, isOpening } from './entry-point.js';
import { userEventTypes } from './thread/thread.events.js';
import { newThread } from './thread/thread.js';

const shopPage = page();
const socialPage = page({ messenger: { defaultAppId: desk, socialAppId: social } });
const fresh = newThread(shop, person, 'messenger');
const at = newYear + 1000;

it.each(userEventTypes)('%s opens a conversation, or not', (type) => {
  const openers = ['user.message', 'user.postback', 'user.get_started', 'user.referral'];
  expect(isOpening(userEvent(type))).toBe(openers.includes(type));
});

describe('ads', () => {
  it.each([
    ['a tap', adTap()],
    ['a message that carries the ad', message(tappedAd)],
    ['a button of the template', userEvent('user.postback', { referral: tappedAd })],
    ['Get Started that carries the ad', userEvent('user.get_started', { referral: tappedAd })],
  ])('%s goes to the ad’s app', (_, event) => {
    expect(assign(fresh, event, socialPage, at)).toEqual({
      appId: marketing,
      because: 'ad_route',
      entryPoint: adEntry,
      skippedAppId: null,
    });
  });

  it('without a route goes to nobody in particular', () => {
    expect(assign(fresh, adTap(adOfNobody), shopPage, at)).toEqual({
      appId: null,
      because: 'none',
      entryPoint: { type: 'ad', adId: adOfNobody, ref: 'spring' },
      skippedAppId: null,
    });
  });

  it('is not looked up among the links by its ref', () => {
    const event = userEvent('user.referral', { referral: { adId: adOfNobody, ref: 'flyer' } });
    expect(assign(fresh, event, shopPage, at)).toMatchObject({ appId: null, because: 'none' });
  });

  it('of an app that is not connected is skipped, and that is said', () => {
    expect(assign(fresh, adTap(adOfStranger), shopPage, at)).toMatchObject({
      appId: null,
      because: 'none',
      skippedAppId: stranger,
    });
    expect(assign(fresh, adTap(adOfStranger), socialPage, at)).toMatchObject({
      appId: social,
      because: 'social_routing',
      skippedAppId: stranger,
    });
  });

  it('counts whoever owns the thread', () => {
    for (const owner of [desk, bystander]) {
      expect(assign(threadIn('passed', owner), adTap(), shopPage, at)).toMatchObject({ appId: marketing });
    }
  });
});

describe('links', () => {
  it.each([
    ['a click', linkClick()],
    ['a message that carries the link', message(link('flyer'))],
    ['Get Started that carries the link', userEvent('user.get_started', { referral: link('flyer') })],
  ])('%s goes to the link’s app', (_, event) => {
    expect(assign(fresh, event, socialPage, at)).toEqual({
      appId: marketing,
      because: 'link_route',
      entryPoint: { type: 'link', adId: null, ref: 'flyer' },
      skippedAppId: null,
    });
  });

  it('without a route goes to nobody in particular', () => {
    expect(assign(fresh, linkClick('unknown'), shopPage, at)).toMatchObject({
      appId: null,
      entryPoint: { type: 'link', adId: null, ref: 'unknown' },
    });
  });

  it('of an app that is not connected is skipped', () => {
    expect(assign(fresh, linkClick('gone'), shopPage, at)).toMatchObject({ appId: null, skippedAppId: stranger });
  });

  it('is compared as it is written', () => {
    expect(assign(fresh, linkClick('Flyer'), shopPage, at)).toMatchObject({ appId: null });
    expect(assign(fresh, linkClick('__proto__'), shopPage, at)).toMatchObject({ appId: null });
  });
});

describe('a referral that repeats the tap before it', () => {
  const tapped = threadIn('passed', desk, { pendingReferral: adEntry });

  it.each([
    ['a message', message(tappedAd)],
    ['a postback', userEvent('user.postback', { referral: tappedAd })],
  ])('is information in %s, not a new entry', (_, event) => {
    expect(assign(tapped, event, shopPage, at)).toMatchObject({
      appId: null,
      because: 'none',
      entryPoint: { type: 'organic' },
    });
  });

  it('is a new entry when it is another tap', () => {
    expect(assign(tapped, adTap(), shopPage, at)).toMatchObject({ appId: marketing, because: 'ad_route' });
  });

  it('is a new entry with another ad or another ref', () => {
    expect(assign(tapped, message(link('flyer')), shopPage, at)).toMatchObject({ because: 'link_route' });
    expect(assign(tapped, message({ adId: ad, ref: 'summer' }), shopPage, at)).toMatchObject({ because: 'ad_route' });
  });

  it('is a new entry once the person has written', () => {
    const wrote = { ...tapped, pendingReferral: null };
    expect(assign(wrote, message(tappedAd), shopPage, at)).toMatchObject({ because: 'ad_route' });
  });

  it('knows links as well', () => {
    const clicked = { ...tapped, pendingReferral: { type: 'link', adId: null, ref: 'flyer' } as const };
    expect(assign(clicked, message(link('flyer')), shopPage, at)).toMatchObject({ because: 'none' });
    expect(assign(clicked, linkClick('flyer'), shopPage, at)).toMatchObject({ because: 'link_route' });
  });
});

describe('social routing', () => {
  const assigned = (thread: typeof fresh, event = message(), on = socialPage, when = at) =>
    assign(thread, event, on, when).appId;

  it('gets a person who never wrote', () => {
    expect(assign(fresh, message(), socialPage, at)).toEqual({
      appId: social,
      because: 'social_routing',
      entryPoint: { type: 'organic', adId: null, ref: null },
      skippedAppId: null,
    });
  });

  it('gets a released thread after 24 hours without the person, to the millisecond', () => {
    const idle = threadIn('released', null, { lastUserEventAt: newYear });
    expect(assigned(idle, message(), socialPage, newYear + day - 1)).toBeNull();
    expect(assigned(idle, message(), socialPage, newYear + day)).toBe(social);
  });

  it('gets no thread that has an owner, however long the person was silent', () => {
    const owned = threadIn('passed', desk, { lastUserEventAt: newYear - 30 * day });
    expect(assigned(owned)).toBeNull();
  });

  it('gets Get Started whoever owns the thread', () => {
    for (const thread of [fresh, threadIn('released', null), threadIn('passed', desk)]) {
      expect(assign(thread, userEvent('user.get_started'), socialPage, at)).toMatchObject({
        appId: social,
        because: 'social_routing',
        entryPoint: { type: 'get_started' },
      });
    }
  });

  it('leaves Get Started to the app of the tap that it follows', () => {
    const tapped = threadIn('marketing-owned', marketing, { pendingReferral: adEntry });
    const getStarted = userEvent('user.get_started', { referral: tappedAd });
    expect(assign(tapped, getStarted, socialPage, at)).toMatchObject({ appId: null, because: 'none' });
  });

  it('comes after ads and links', () => {
    expect(assigned(fresh, adTap())).toBe(marketing);
    expect(assigned(fresh, linkClick())).toBe(marketing);
    expect(assigned(fresh, linkClick('unknown'))).toBe(social);
  });

  it('is skipped while its app is not connected', () => {
    const without = page({ messenger: { socialAppId: stranger } });
    expect(assign(fresh, message(), without, at)).toMatchObject({
      appId: null,
      because: 'none',
      skippedAppId: stranger,
    });
    const both = page({ messenger: { socialAppId: stranger } });
    expect(assign(fresh, linkClick('gone'), both, at)).toMatchObject({ skippedAppId: stranger });
  });

  it('is set for each channel on its own', () => {
    const instagramOnly = page({ instagram: { socialAppId: social } });
    expect(assigned(fresh, message(), instagramOnly)).toBeNull();
    expect(assigned(newThread(shop, person, 'instagram'), message(), instagramOnly)).toBe(social);
  });

  it('is off without a social app', () => {
    expect(assigned(fresh, userEvent('user.get_started'), shopPage)).toBeNull();
  });
});
