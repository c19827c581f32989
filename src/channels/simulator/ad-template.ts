import { z } from 'zod';
import { buttonsOf, type PostbackButton } from '../../domain/template-buttons.js';
import { quickRepliesOf, type QuickReply } from './transcript.js';

/** What an ad greets people with. Its buttons belong to the page, not to an app. */
export interface AdTemplate {
  readonly buttons: readonly PostbackButton[];
  readonly quickReplies: readonly QuickReply[];
  /** The ad's picture. */
  readonly photoUrl: string | null;
}

const templateSchema = z.object({
  message: z.looseObject({ attachment: z.looseObject({ payload: z.unknown() }).optional() }),
});
const pictureSchema = z.object({ elements: z.tuple([z.object({ image_url: z.string() })], z.unknown()) });

/** Reads a route's template: JSON with a `message` in the shape of the Send API. */
export function readAdTemplate(text: string | null): AdTemplate {
  const parsed = templateSchema.safeParse(text === null ? null : JSON.parse(text));
  if (!parsed.success) return { buttons: [], quickReplies: [], photoUrl: null };
  const { message } = parsed.data;
  const picture = pictureSchema.safeParse(message.attachment?.payload);
  return {
    buttons: buttonsOf(message.attachment?.payload),
    quickReplies: quickRepliesOf(message),
    photoUrl: picture.success ? picture.data.elements[0].image_url : null,
  };
}
