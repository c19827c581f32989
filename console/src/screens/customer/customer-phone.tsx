import { useQuery } from '@tanstack/react-query';
import { Menu, SendHorizontal } from 'lucide-react';
import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import { pagesQuery, sessionQuery } from '../../api/queries.js';
import type { Thread } from '../../api/types.js';
import { logOf } from '../../live/apply.js';
import { useLiveEvents } from '../../live/live-provider.js';
import { AppChip, useApps } from '../../ui/app-chip.js';
import { StateBadge } from '../../ui/badge.js';
import { Button } from '../../ui/button.js';
import { channelNames } from '../../ui/channel-mark.js';
import { Failure, Skeleton } from '../../ui/state.js';
import { useToasts } from '../../ui/toast.js';
import { AdWelcome } from './ad-welcome.js';
import { EntryBar } from './entry-bar.js';
import { PhoneMessage } from './phone-message.js';
import {
  messagesQuery,
  personThreadQuery,
  profileQuery,
  simulatedName,
  usePersonAction,
  type Person,
  type PersonAction,
  type Profile,
  type SeenMessage,
} from './person-queries.js';
import { whatHappened } from './what-happened.js';
import './phone.css';

/** The phone of a simulated person, in the look of their channel: what they see, and all they can do. */
export function CustomerPhone(person: Person) {
  const { pageId, psid, channel } = person;
  const { data: pages } = useQuery(pagesQuery);
  const { data: session } = useQuery(sessionQuery);
  const thread = useQuery(personThreadQuery(person));
  const messages = useQuery(messagesQuery(person));
  const { data: profile } = useQuery(profileQuery(person));
  const action = usePersonAction(person);
  const apps = useApps();
  const toasts = useToasts();
  const [text, setText] = useState('');
  const [tappedAd, setTappedAd] = useState<string | null>(null);
  const [happened, setHappened] = useState<string | null>(null);
  const titleId = useId();

  useLiveEvents((events) => {
    const rows = logOf(events).filter((row) => row.page_id === pageId && row.psid === psid);
    if (rows.length > 0) void thread.refetch();
    const news = whatHappened(rows, apps.nameOf);
    if (news !== null) setHappened(news);
  });
  const viewer = session?.role === 'viewer';
  const act = (wanted: PersonAction) => {
    action.mutate(wanted, {
      onSuccess: ({ log }) => {
        if (wanted.type === 'message') setText('');
        setTappedAd(wanted.type === 'tap_ad' ? wanted.ad_id : null);
        const news = whatHappened(log, apps.nameOf);
        if (news !== null) setHappened(news);
      },
      onError: toasts.fail,
    });
  };
  const page = pages?.find(({ page_id }) => page_id === pageId);
  const disabled = viewer || action.isPending;
  return (
    <section className="phone" data-channel={channel} aria-labelledby={titleId}>
      <header className="phone-head">
        <span className="phone-avatar" aria-hidden>
          {(page?.name ?? '?').slice(0, 1)}
        </span>
        <div className="phone-who">
          <h2 id={titleId} className="ellipsis">
            <span className="visually-hidden">{simulatedName(psid)} writes to </span>
            {page?.name ?? pageId}
          </h2>
          <span className="ellipsis">{channelNames[channel]}</span>
        </div>
        {thread.data != null && <StateBadge state={thread.data.state} />}
      </header>
      <Standing thread={thread.data ?? null} happened={happened} />
      {messages.error !== null && messages.data === undefined ? (
        <Failure error={messages.error} retry={() => void messages.refetch()} />
      ) : (
        <Conversation
          person={person}
          messages={messages.data}
          profile={profile}
          tappedAd={tappedAd}
          disabled={disabled}
          act={act}
        />
      )}
      <div className="phone-foot">
        <EntryBar pageId={pageId} text={text} disabled={disabled} act={act} />
        <Composer text={text} setText={setText} profile={profile} viewer={viewer} disabled={disabled} act={act} />
      </div>
    </section>
  );
}

/** Who has the conversation now, and what just happened. */
function Standing({ thread, happened }: { thread: Thread | null; happened: string | null }) {
  const owner = thread?.effective_owner_app_id ?? null;
  return (
    <div className="phone-standing" role="status">
      <p className="phone-owner">
        {thread === null ? (
          <span className="faint">Not in touch yet</span>
        ) : owner === null ? (
          'Nobody has this conversation'
        ) : (
          <>
            <AppChip appId={owner} /> {thread.owner_app_id === null ? 'answers by default' : 'has this conversation'}
          </>
        )}
      </p>
      <p className="phone-happened ellipsis" title={happened ?? undefined}>
        {happened ?? 'What happens is told here.'}
      </p>
    </div>
  );
}

interface ConversationProps {
  readonly person: Person;
  readonly messages: readonly SeenMessage[] | undefined;
  readonly profile: Profile | undefined;
  readonly tappedAd: string | null;
  readonly disabled: boolean;
  readonly act: (action: PersonAction) => void;
}

function Conversation({ person, messages, profile, tappedAd, disabled, act }: ConversationProps) {
  const end = useRef<HTMLDivElement>(null);
  const count = messages?.length ?? 0;
  useEffect(() => {
    const box = end.current?.parentElement;
    if (box != null) box.scrollTop = box.scrollHeight;
  }, [count, tappedAd]);
  const last = messages?.at(-1);
  return (
    <div className="phone-screen" tabIndex={0} role="log" aria-label={`Conversation of ${simulatedName(person.psid)}`}>
      {messages === undefined ? (
        <Skeleton />
      ) : (
        <>
          {messages.length === 0 && tappedAd === null && <Welcome profile={profile} disabled={disabled} act={act} />}
          <ol className="phone-messages">
            {messages.map((message) => (
              <PhoneMessage key={message.id} message={message} disabled={disabled} act={act} />
            ))}
          </ol>
          {tappedAd !== null && <AdWelcome pageId={person.pageId} adId={tappedAd} disabled={disabled} act={act} />}
          {last !== undefined && last.quick_replies.length > 0 && tappedAd === null && (
            <div className="quick-replies" role="group" aria-label="Quick replies">
              {last.quick_replies.map(({ title, payload }, index) => (
                <button
                  key={index}
                  type="button"
                  className="quick-reply"
                  disabled={disabled}
                  onClick={() =>
                    act({
                      type: 'tap_quick_reply',
                      message_id: last.id,
                      ...(title !== null && { title }),
                      ...(payload !== null && { payload }),
                    })
                  }
                >
                  {title ?? payload}
                </button>
              ))}
            </div>
          )}
        </>
      )}
      <div ref={end} />
    </div>
  );
}

interface WelcomeProps {
  readonly profile: Profile | undefined;
  readonly disabled: boolean;
  readonly act: (action: PersonAction) => void;
}

/** The screen before the first message. */
function Welcome({ profile, disabled, act }: WelcomeProps) {
  return (
    <div className="phone-welcome">
      {profile?.greeting != null && <p className="phone-note">{profile.greeting.text}</p>}
      {profile?.ice_breakers.map(({ title, payload }) => (
        <button
          key={payload}
          type="button"
          className="quick-reply"
          disabled={disabled}
          onClick={() => act({ type: 'tap_button', title, payload })}
        >
          {title}
        </button>
      ))}
      <Button kind="primary" disabled={disabled} onClick={() => act({ type: 'get_started' })}>
        Get Started
      </Button>
      <p className="phone-note">or write, tap an ad, open a link</p>
    </div>
  );
}

interface ComposerProps {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly profile: Profile | undefined;
  readonly viewer: boolean;
  readonly disabled: boolean;
  readonly act: (action: PersonAction) => void;
}

function Composer({ text, setText, profile, viewer, disabled, act }: ComposerProps) {
  const [menuOpen, setMenuOpen] = useState(false);
  const menu = profile?.persistent_menu ?? [];
  const send = () => {
    const message = text.trim();
    if (message !== '' && !disabled) act({ type: 'message', text: message });
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') setMenuOpen(false);
  };
  return (
    <form className="phone-composer" onSubmit={onSubmit} onKeyDown={onKey}>
      {menu.length > 0 && (
        <Button kind="quiet" icon aria-label="Menu" aria-expanded={menuOpen} onClick={() => setMenuOpen(!menuOpen)}>
          <Menu aria-hidden />
        </Button>
      )}
      {menuOpen && (
        <div className="phone-menu" role="group" aria-label="Persistent menu">
          {menu.map(({ title, payload }) => (
            <button
              key={`${title}${payload}`}
              type="button"
              disabled={disabled}
              onClick={() => {
                setMenuOpen(false);
                act({ type: 'tap_button', title, payload });
              }}
            >
              {title}
            </button>
          ))}
        </div>
      )}
      <input
        className="input"
        aria-label="Message"
        placeholder={viewer ? 'Viewers only watch' : 'Message…'}
        maxLength={2000}
        disabled={viewer}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <Button kind="primary" icon type="submit" aria-label="Send" disabled={disabled || text.trim() === ''}>
        <SendHorizontal aria-hidden />
      </Button>
    </form>
  );
}
