import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AttachmentStore } from '../store/attachment.store.js';

/** Types a browser may show; anything else is only for saving, so that no upload can run as a page of this server. */
const shown = /^(image\/(png|jpeg|gif|webp)|audio\/[\w.+-]+|video\/[\w.+-]+)$/;

/** Uploaded files, for whoever has the address: the person who got the message, and the apps that were told of it. */
@ApiExcludeController()
@Controller('media')
export class MediaController {
  constructor(private readonly attachments: AttachmentStore) {}

  @Get(':key')
  async get(@Param('key') key: string, @Res() reply: FastifyReply): Promise<void> {
    const file = await this.attachments.findMedia(key);
    if (file === null) throw new NotFoundException('There is no such file.');
    const isShown = shown.test(file.contentType);
    void reply
      .header('content-type', isShown ? file.contentType : 'application/octet-stream')
      .header('content-disposition', isShown ? 'inline' : 'attachment')
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'private, max-age=86400')
      .send(file.content);
  }
}
