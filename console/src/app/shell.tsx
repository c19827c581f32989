import { useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Inbox,
  Keyboard,
  ListTree,
  LogOut,
  MonitorCog,
  Moon,
  Send,
  Settings2,
  Smartphone,
  Sun,
  type LucideIcon,
} from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { NavLink, Outlet, useLocation, useNavigate } from 'react-router';
import { api, signedOut } from '../api/client.js';
import { ApiProblem } from '../api/problem.js';
import { keys, pagesQuery, sessionQuery } from '../api/queries.js';
import type { Channel } from '../api/types.js';
import { ClockProvider } from '../clock/clock.js';
import { LiveProvider, useLiveStatus } from '../live/live-provider.js';
import { ClockSlot } from '../screens/clock/clock-slot.js';
import { Button } from '../ui/button.js';
import { Failure, Skeleton } from '../ui/state.js';
import { useToasts } from '../ui/toast.js';
import { Brand } from './brand.js';
import { useScope } from './scope.js';
import { openShortcutHelp, Shortcuts } from './shortcuts.js';
import { setTheme, useTheme, type Theme } from './theme.js';
import './shell.css';

const entries: readonly { path: string; name: string; icon: LucideIcon; emulatorOnly?: boolean }[] = [
  { path: '/threads', name: 'Threads', icon: ListTree },
  { path: '/customer', name: 'Phones', icon: Smartphone, emulatorOnly: true },
  { path: '/inbox', name: 'Inbox', icon: Inbox },
  { path: '/configuration', name: 'Configuration', icon: Settings2 },
  { path: '/deliveries', name: 'Deliveries', icon: Send },
];

/** Everything around the screens. Whoever is not signed in is sent to do so, and comes back to where they wanted to go. */
export function Shell() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const navigate = useNavigate();
  const location = useLocation();
  const client = useQueryClient();
  const unauthorized = error instanceof ApiProblem && error.status === 401;
  useEffect(() => {
    const leave = (ended: boolean) => {
      client.clear();
      void navigate('/sign-in', { replace: true, state: { from: `${location.pathname}${location.search}`, ended } });
    };
    if (unauthorized) leave(false);
    const onEnd = () => leave(client.getQueryData(keys.session) !== undefined);
    signedOut.addEventListener('signed-out', onEnd);
    return () => signedOut.removeEventListener('signed-out', onEnd);
  }, [unauthorized, navigate, location, client]);

  if (unauthorized) return null;
  if (error !== null && session === undefined) return <Failure error={error} retry={() => void refetch()} />;
  if (session === undefined) return <div className="shell-loading" aria-busy="true" />;
  return (
    <LiveProvider>
      <ClockProvider>
        <div className="shell">
          <a className="skip-link" href="#main">
            Skip to content
          </a>
          <Sidebar emulator={session.mode === 'emulator'} />
          <div className="shell-main">
            <header className="topbar">
              <ScopePicker />
              <div className="topbar-end">
                {session.mode === 'emulator' && <ClockSlot />}
                <LiveIndicator />
              </div>
            </header>
            <main id="main" tabIndex={-1}>
              <Suspense fallback={<Skeleton />}>
                <Outlet />
              </Suspense>
            </main>
          </div>
          <Shortcuts />
        </div>
      </ClockProvider>
    </LiveProvider>
  );
}

function Sidebar({ emulator }: { emulator: boolean }) {
  const scope = useScope();
  return (
    <div className="sidebar">
      <NavLink className="brand-link" to={scope.to('/threads')} aria-label="Signalbox, threads">
        <Brand />
      </NavLink>
      <nav aria-label="Screens">
        <ul>
          {entries
            .filter(({ emulatorOnly = false }) => emulator || !emulatorOnly)
            .map(({ path, name, icon: Icon }) => (
              <li key={path}>
                <NavLink className="nav-link" to={scope.to(path)} title={name}>
                  <Icon aria-hidden />
                  <span>{name}</span>
                </NavLink>
              </li>
            ))}
        </ul>
      </nav>
      <div className="sidebar-foot">
        <Account />
        <div className="sidebar-tools">
          <ThemeSwitch />
          <Button kind="quiet" size="small" icon aria-label="Keyboard shortcuts" onClick={openShortcutHelp}>
            <Keyboard aria-hidden />
          </Button>
        </div>
      </div>
    </div>
  );
}

function Account() {
  const { data: session } = useQuery(sessionQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const toasts = useToasts();
  const signOut = () =>
    api
      .delete('/session')
      .then(() => {
        client.clear();
        return navigate('/sign-in', { replace: true });
      })
      .catch(toasts.fail);
  return (
    <div className="account">
      <div className="account-who">
        <span className="ellipsis" title={session?.name}>
          {session?.name}
        </span>
        <span className="faint">{session?.role}</span>
      </div>
      <Button kind="quiet" size="small" icon aria-label="Sign out" onClick={() => void signOut()}>
        <LogOut aria-hidden />
      </Button>
    </div>
  );
}

const themes: readonly { theme: Theme; name: string; icon: LucideIcon }[] = [
  { theme: 'light', name: 'Light', icon: Sun },
  { theme: 'dark', name: 'Dark', icon: Moon },
  { theme: 'system', name: 'As the system', icon: MonitorCog },
];

function ThemeSwitch() {
  const current = useTheme();
  return (
    <div className="theme-switch" role="group" aria-label="Theme">
      {themes.map(({ theme, name, icon: Icon }) => (
        <Button
          key={theme}
          kind="quiet"
          size="small"
          icon
          aria-label={name}
          aria-pressed={current === theme}
          onClick={() => setTheme(theme)}
        >
          <Icon aria-hidden />
        </Button>
      ))}
    </div>
  );
}

function ScopePicker() {
  const scope = useScope();
  const { data: pages = [] } = useQuery(pagesQuery);
  return (
    <div className="scope-picker">
      <select
        className="input"
        aria-label="Page"
        value={scope.pageId ?? ''}
        onChange={({ target }) => scope.set({ pageId: target.value === '' ? null : target.value })}
      >
        <option value="">All pages</option>
        {pages.map((page) => (
          <option key={page.page_id} value={page.page_id}>
            {page.name}
          </option>
        ))}
      </select>
      <select
        className="input"
        aria-label="Channel"
        value={scope.channel ?? ''}
        onChange={({ target }) => scope.set({ channel: channelOf(target.value) })}
      >
        <option value="">Both channels</option>
        <option value="messenger">Messenger</option>
        <option value="instagram">Instagram</option>
      </select>
    </div>
  );
}

function channelOf(value: string): Channel | null {
  return value === 'messenger' || value === 'instagram' ? value : null;
}

const liveTexts = {
  connecting: { text: 'Connecting', help: 'The console connects to the stream of what happens.' },
  live: { text: 'Live', help: 'What happens shows at once.' },
  waiting: { text: 'Reconnecting', help: 'The stream broke off. It is tried again, and nothing will be missed.' },
  signed_out: { text: 'Signed out', help: 'Sign in again.' },
} as const;

function LiveIndicator() {
  const status = useLiveStatus();
  const { text, help } = liveTexts[status];
  return (
    <span className="live" data-status={status} role="status" title={help}>
      {text}
    </span>
  );
}
