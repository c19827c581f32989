import { useQuery } from '@tanstack/react-query';
import { adRoutesQuery } from '../../api/queries.js';
import { readMessage } from './message-content.js';
import { Content } from './phone-message.js';
import type { PersonAction } from './person-queries.js';

interface AdWelcomeProps {
  readonly pageId: string;
  readonly adId: string;
  readonly disabled: boolean;
  readonly act: (action: PersonAction) => void;
}

/** What a person who has tapped an ad sees before they write: its welcome message with buttons. */
export function AdWelcome({ pageId, adId, disabled, act }: AdWelcomeProps) {
  const { data: ads } = useQuery(adRoutesQuery(pageId));
  const ad = ads?.find(({ ad_id }) => ad_id === adId);
  if (ad === undefined) return null;
  const { text, attachments, quickReplies } = readMessage(ad.template?.['message']);
  return (
    <div className="phone-welcome">
      <p className="phone-note">Ad: {ad.title ?? ad.ad_id}</p>
      <div className="phone-bubble" data-from="app">
        <Content
          text={text}
          attachments={attachments}
          disabled={disabled}
          tap={(title, payload) => act({ type: 'tap_button', title, payload, ad_id: adId })}
        />
      </div>
      {quickReplies.length > 0 && (
        <div className="quick-replies" role="group" aria-label="Quick replies of the ad">
          {quickReplies.map(({ title, payload }) => (
            <button
              key={payload}
              type="button"
              className="quick-reply"
              disabled={disabled}
              onClick={() => act({ type: 'tap_quick_reply', title, payload, ad_id: adId })}
            >
              {title}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
