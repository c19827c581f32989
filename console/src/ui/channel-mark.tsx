import { Camera, MessageCircle } from 'lucide-react';
import type { Channel } from '../api/types.js';

export const channelNames: Readonly<Record<Channel, string>> = { messenger: 'Messenger', instagram: 'Instagram' };

/** The channel as a small picture, and its name for whoever cannot see it. */
export function ChannelMark({ channel }: { channel: Channel }) {
  const Icon = channel === 'messenger' ? MessageCircle : Camera;
  return (
    <span className="channel-mark" data-channel={channel} title={channelNames[channel]}>
      <Icon aria-hidden />
      <span className="visually-hidden">{channelNames[channel]}</span>
    </span>
  );
}
