import type { InspectionMessage } from '../src/inspector/inspection-messages.js';

const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'UTC' });

/** A message of the inspector's stream as a line for people. */
export function lineOf(message: InspectionMessage): string {
  return `${time.format(Number(message.createdAt))}  ${message.sessionId}  ${whatOf(message)}`;
}

function whatOf(message: InspectionMessage): string {
  switch (message.type) {
    case '@xstate.actor':
      return `actor     ${message.snapshot.value}, ${ownerOf(message.snapshot.context.ownerAppId)}`;
    case '@xstate.event': {
      const { event } = message;
      const held = Object.entries(event.facts).flatMap(([name, holds]) => (holds ? [name] : []));
      return `event     ${event.type}${held.length === 0 ? '' : ` (${held.join(', ')})`}`;
    }
    case '@xstate.snapshot': {
      const { snapshot, event } = message;
      const refusal = event.refusal === null ? '' : `, refused: ${event.refusal}`;
      return `snapshot  ${snapshot.value}, ${ownerOf(snapshot.context.ownerAppId)}${refusal}`;
    }
  }
}

function ownerOf(appId: string | null | undefined): string {
  return appId === null || appId === undefined ? 'no owner' : `owner ${appId}`;
}
