import { appId } from '../domain/ids.js';
import type { ControlChange } from '../routing/intent.js';
import { GraphError } from './graph-error.js';
import { readChoice, readGraphId, readObject, type Fields } from './parameter-values.js';

const payloads = ['pass_thread_control', 'release_thread_control'] as const;

/**
 * Reads `thread_control`, what a send asks for once its message is out, in either form: `{payload}`, which only knows the
 * default app, or `{app_id, control_type}`. They cannot be combined. An `app_id` without `control_type` releases;
 * `onImpliedRelease` is told, since whoever names an app seldom means that.
 */
export function readThreadControl(parameters: Fields, onImpliedRelease: () => void): ControlChange | null {
  const control = readObject(parameters, 'thread_control', 'thread_control');
  if (control === null) return null;
  const payload = readChoice(control, 'payload', 'thread_control[payload]', payloads);
  const target = readGraphId(control, 'app_id', 'thread_control[app_id]');
  const type = readChoice(control, 'control_type', 'thread_control[control_type]', ['pass', 'release']);
  if (payload !== null) {
    if (target !== null || type !== null) throw new GraphError('thread_control_forms_combined');
    return payload === 'pass_thread_control' ? { type: 'pass', targetAppId: null } : { type: 'release' };
  }
  if (target === null && type === null) {
    throw new GraphError('invalid_parameter', 'Param thread_control must have payload, app_id or control_type');
  }
  if (type === null) onImpliedRelease();
  return type === 'pass' ? { type: 'pass', targetAppId: target === null ? null : appId(target) } : { type: 'release' };
}
