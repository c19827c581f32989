import type { Act, Person } from './person.js';

/** The ad of the stage, with a button and a quick reply in its template. */
export const springAd = '120200000000000303';
export const springAdRoute = {
  ref: 'spring',
  title: 'Spring sale',
  template: {
    message: {
      attachment: {
        type: 'template',
        payload: {
          template_type: 'generic',
          elements: [
            {
              title: 'Spring sale',
              image_url: 'https://cdn.example/ad.jpg',
              buttons: [{ type: 'postback', title: 'Tell me more', payload: 'AD_TELL_MORE' }],
            },
          ],
        },
      },
      quick_replies: [{ content_type: 'text', title: 'Show prices', payload: 'AD_PRICES' }],
    },
  },
};

const adReferral = '{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":"120200000000000303"}';

/** With what the person saw; only the platform knows the post. */
function adReferralWithContext({ source, page }: Person): string {
  const post = source === 'platform' ? `,"post_id":"${page.id}_55"` : '';
  return (
    '{"ref":"spring","source":"ADS","type":"OPEN_THREAD","ad_id":"120200000000000303","ads_context_data":' +
    `{"ad_title":"Spring sale","photo_url":"https:\\/\\/cdn.example\\/ad.jpg"${post}}}`
  );
}

function linkReferral({ channel }: Person, ref: string): string {
  return `{"ref":"${ref}","source":"${channel === 'instagram' ? 'SHORTLINKS' : 'SHORTLINK'}","type":"OPEN_THREAD"}`;
}

export const tapAd: Act = {
  action: { type: 'tap_ad', ad_id: springAd },
  content: (_mid, person) => `"referral":${adReferralWithContext(person)}`,
};

/** `wire` is the text as it must be escaped in webhooks. */
export const write = (text: string, wire = text): Act => ({
  action: { type: 'message', text },
  content: (mid) => `"message":{"mid":"${mid}","text":"${wire}"}`,
});

/** The first message after a tap on the ad. */
export const writeAfterTap = (text: string): Act => ({
  action: { type: 'message', text },
  content: (mid, person) => `"message":{"mid":"${mid}","text":"${text}","referral":${adReferralWithContext(person)}}`,
});

/** The tap on the ad was never reported by itself. */
export const enterThroughAd = (text: string): Act => ({
  action: { type: 'message', text, ad_id: springAd },
  content: (mid, person) => `"message":{"mid":"${mid}","text":"${text}","referral":${adReferralWithContext(person)}}`,
});

export const tapTemplateButton: Act = {
  action: { type: 'tap_button', title: 'Tell me more', ad_id: springAd },
  content: (mid) =>
    `"postback":{"mid":"${mid}","title":"Tell me more","payload":"AD_TELL_MORE","referral":${adReferral}}`,
};

/** The tap on the ad was reported before. */
export const tapTemplateButtonAfterTap: Act = {
  ...tapTemplateButton,
  action: { type: 'tap_button', title: 'Tell me more' },
};

export const tapQuickReply: Act = {
  action: { type: 'tap_quick_reply', title: 'Show prices', ad_id: springAd },
  content: (mid) =>
    `"message":{"mid":"${mid}","text":"Show prices","quick_reply":{"payload":"AD_PRICES"},"referral":${adReferral}}`,
};

export const openLink = (ref: string): Act => ({
  action: { type: 'open_link', ref },
  content: (_mid, person) => `"referral":${linkReferral(person, ref)}`,
});

export const enterThroughLink = (ref: string, text: string): Act => ({
  action: { type: 'message', text, ref },
  content: (mid, person) => `"message":{"mid":"${mid}","text":"${text}","referral":${linkReferral(person, ref)}}`,
});

export const getStarted: Act = {
  action: { type: 'get_started' },
  content: (mid) => `"postback":{"mid":"${mid}","title":"Get Started","payload":"GET_STARTED"}`,
};

export const getStartedThroughLink = (ref: string): Act => ({
  action: { type: 'get_started', ref },
  content: (mid, person) =>
    `"postback":{"mid":"${mid}","title":"Get Started","payload":"GET_STARTED","referral":${linkReferral(person, ref)}}`,
});

/** A tap as apps see it that neither sent the button nor own the thread. */
export function withoutPayload(item: string): string {
  return item.replace(/,"payload":"[A-Z_]+"/, '');
}

/** A tap in an ad's template as the others see it. */
export function withoutPayloadAndAd(item: string): string {
  return withoutPayload(item).replace(`,"referral":${adReferral}`, '');
}
