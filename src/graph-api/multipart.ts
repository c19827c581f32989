import { Busboy } from '@fastify/busboy';
import type { UploadedFile } from '../channels/channel.js';

export interface MultipartBody {
  readonly fields: readonly (readonly [string, string])[];
  readonly files: readonly UploadedFile[];
}

/** A body that is not the multipart form its content type promises, or one beyond the limits below. */
export class MalformedMultipart extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MalformedMultipart';
  }
}

/** The platform's own limit for an attachment is 25 MB; no call has more than a handful of fields and files. */
const limits = { fields: 200, fieldSize: 1024 * 1024, files: 10, fileSize: 25 * 1024 * 1024 };

/** @throws MalformedMultipart */
export async function readMultipart(contentType: string, body: Buffer): Promise<MultipartBody> {
  const fields: [string, string][] = [];
  const files: UploadedFile[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const parser = new Busboy({ headers: { 'content-type': contentType }, limits });
      const refuse = (what: string) => () => reject(new MalformedMultipart(`the form has ${what}`));
      parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
        if (valueTruncated) refuse('a field that is too long')();
        fields.push([name, value]);
      });
      parser.on('file', (name, stream, fileName, _encoding, type) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('limit', refuse('a file that is too large'));
        stream.on('error', reject);
        stream.on('end', () => files.push({ name, fileName, contentType: type, content: Buffer.concat(chunks) }));
      });
      parser.on('fieldsLimit', refuse('too many fields'));
      parser.on('filesLimit', refuse('too many files'));
      parser.on('error', reject);
      parser.on('finish', () => resolve());
      parser.end(body);
    });
  } catch (error) {
    if (error instanceof MalformedMultipart) throw error;
    throw new MalformedMultipart(error instanceof Error ? error.message : 'not a multipart form', { cause: error });
  }
  return { fields, files };
}
