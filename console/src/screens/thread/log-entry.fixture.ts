import type { LogEntry } from '../../api/types.js';

/** A message of a person whose thread app 11 owns, at noon of 3 March where the test runs; a test says what is else. */
export function logEntry(more: Partial<LogEntry>): LogEntry {
  const at = new Date(2026, 2, 3, 12).toISOString();
  return {
    id: '1-1',
    page_id: '1',
    psid: '7',
    type: 'user.message',
    source_id: 's',
    at,
    occurred_at: at,
    outcome: 'applied',
    refusal: null,
    state: 'marketing-owned',
    owner_app_id: '11',
    previous_owner_app_id: null,
    entry_point: null,
    expires_at: null,
    version: 1,
    facts: [],
    assignee_app_id: null,
    caller_app_id: null,
    target_app_id: null,
    cause: { by: 'person', app_id: null, reason: null, trace_id: null, skipped_app_id: null },
    notices: [],
    payload: null,
    payload_removed: false,
    ...more,
  };
}
