/**
 * Shows threads in the hosted Stately inspector: reads Signalbox's own stream and hands its messages on to a frame of that
 * host, as @statelyai/inspect does. The ticket is in the address after the #, and is good once.
 */
import './bridge.css';

const host = 'https://stately.ai';
/** Messages kept for a frame that is not ready yet, or is loaded anew; the oldest go first. */
const keptMax = 20_000;

const parameters = new URLSearchParams(window.location.hash.slice(1));
const subject = parameters.get('thread') ?? parameters.get('page') ?? 'all threads';
// Used up by this page: in the history it would only mislead.
window.history.replaceState(null, '', window.location.pathname);

const status = document.getElementById('status');
const say = (sentence: string) => {
  if (status !== null) status.textContent = sentence;
};

if (parameters.has('ticket')) show();
else
  say('This address was used before. Open the inspector again from the thread, or with "npm run inspect -- --open".');

function show(): void {
  const kept: unknown[] = [];
  const frame = document.createElement('iframe');
  frame.title = 'Stately inspector';
  // It may run, and know itself by its own origin; it may not lead this page elsewhere.
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms allow-popups allow-downloads');
  const pass = (message: unknown) => frame.contentWindow?.postMessage(message, host);
  let ready = false;
  window.addEventListener('message', ({ source, origin, data }: MessageEvent<unknown>) => {
    if (source !== frame.contentWindow || origin !== host || typeOf(data) !== '@statelyai.connected') return;
    ready = true;
    kept.forEach(pass);
  });
  frame.src = `${host}/inspect`;
  document.body.append(frame);

  const { protocol, host: ownHost } = window.location;
  const socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${ownHost}/inspector?${parameters}`);
  socket.addEventListener('open', () => say(`Live: ${subject}. Message texts are left out.`));
  socket.addEventListener('message', ({ data }: MessageEvent<string>) => {
    const message: unknown = JSON.parse(data);
    if (kept.push(message) > keptMax) kept.shift();
    if (ready) pass(message);
  });
  socket.addEventListener('close', ({ reason }) => {
    say(`No longer live${reason === '' ? '' : `: ${reason}`}. Open the inspector again from the thread.`);
  });
}

function typeOf(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'type' in data ? data.type : undefined;
}
