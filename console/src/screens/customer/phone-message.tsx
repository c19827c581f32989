import { ExternalLink, FileImage, SmilePlus } from 'lucide-react';
import { useState } from 'react';
import { AppChip } from '../../ui/app-chip.js';
import { clockTime } from '../../clock/format.js';
import { readAttachments, type ReadAttachment } from './message-content.js';
import type { PersonAction, SeenMessage } from './person-queries.js';

const reactions = [
  { reaction: 'love', emoji: '❤️', name: 'Love' },
  { reaction: 'like', emoji: '👍', name: 'Like' },
  { reaction: 'laugh', emoji: '😂', name: 'Laugh' },
  { reaction: 'wow', emoji: '😮', name: 'Wow' },
  { reaction: 'sad', emoji: '😢', name: 'Sad' },
  { reaction: 'angry', emoji: '😠', name: 'Angry' },
] as const;

interface PhoneMessageProps {
  readonly message: SeenMessage;
  readonly disabled: boolean;
  readonly act: (action: PersonAction) => void;
}

export function PhoneMessage({ message, disabled, act }: PhoneMessageProps) {
  const [reacting, setReacting] = useState(false);
  const own = message.reactions.find(({ by }) => by === 'person');
  const react = (reaction: (typeof reactions)[number]) => {
    const { emoji } = reaction;
    setReacting(false);
    const action = own?.reaction === emoji ? 'unreact' : 'react';
    act({ type: 'react', message_id: message.id, reaction: reaction.reaction, emoji, action });
  };
  return (
    <li className="phone-message" data-from={message.from}>
      {message.app_id !== null && (
        <span className="phone-sender">
          <AppChip appId={message.app_id} />
        </span>
      )}
      <div className="phone-bubble-line">
        <div className="phone-bubble" data-from={message.from}>
          {message.deleted ? (
            <p className="faint">Unsent</p>
          ) : (
            <Content
              text={message.text}
              attachments={readAttachments(message.attachments)}
              disabled={disabled}
              tap={(title, payload) => act({ type: 'tap_button', title, payload, message_id: message.id })}
            />
          )}
          {message.reactions.length > 0 && (
            <span className="phone-bubble-reactions">
              {message.reactions.map(({ reaction }) => reaction).join(' ')}
            </span>
          )}
        </div>
        {message.from === 'app' && !message.deleted && (
          <button
            type="button"
            className="react-button"
            aria-label="React to this message"
            aria-expanded={reacting}
            disabled={disabled}
            onClick={() => setReacting(!reacting)}
          >
            <SmilePlus aria-hidden />
          </button>
        )}
      </div>
      {reacting && (
        <div className="reaction-picker" role="group" aria-label="Reactions">
          {reactions.map((reaction) => (
            <button
              key={reaction.reaction}
              type="button"
              aria-label={reaction.name}
              aria-pressed={own?.reaction === reaction.emoji}
              onClick={() => react(reaction)}
            >
              {reaction.emoji}
            </button>
          ))}
        </div>
      )}
      <time className="phone-time" dateTime={message.at}>
        {clockTime(Date.parse(message.at))}
        {message.edited && ' · edited'}
      </time>
    </li>
  );
}

interface ContentProps {
  readonly text: string | null;
  readonly attachments: readonly ReadAttachment[];
  readonly disabled: boolean;
  readonly tap: (title: string, payload: string) => void;
}

/** What is in a message. Media is named and not loaded: it is on hosts of others. */
export function Content({ text, attachments, disabled, tap }: ContentProps) {
  return (
    <>
      {text !== null && <p className="phone-bubble-text">{text}</p>}
      {attachments.map((attachment, index) =>
        attachment.kind === 'media' ? (
          <p key={index} className="phone-bubble-media">
            <FileImage aria-hidden />
            {attachment.url === null ? (
              attachment.type
            ) : (
              <a href={attachment.url} target="_blank" rel="noopener noreferrer">
                {attachment.type}
              </a>
            )}
          </p>
        ) : (
          <div key={index} className="phone-bubble-card">
            {attachment.card.title !== null && <p className="phone-bubble-card-title">{attachment.card.title}</p>}
            {attachment.card.subtitle !== null && (
              <p className="phone-bubble-card-subtitle">{attachment.card.subtitle}</p>
            )}
            {attachment.card.buttons.map(({ title, payload, url }, position) =>
              url !== null ? (
                <a key={position} className="phone-bubble-button" href={url} target="_blank" rel="noopener noreferrer">
                  {title} <ExternalLink aria-hidden />
                </a>
              ) : (
                <button
                  key={position}
                  type="button"
                  className="phone-bubble-button"
                  disabled={disabled || payload === null}
                  onClick={() => payload !== null && tap(title, payload)}
                >
                  {title}
                </button>
              ),
            )}
          </div>
        ),
      )}
    </>
  );
}
