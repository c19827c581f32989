const { Botkit } = require('botkit');
const { FacebookAdapter, FacebookEventTypeMiddleware } = require('botbuilder-adapter-facebook');

const adapter = new FacebookAdapter({
  access_token: process.env.PAGE_TOKEN,
  app_secret: process.env.APP_SECRET,
  verify_token: process.env.VERIFY_TOKEN,
  // A host and no more: the adapter puts https:// before it.
  api_host: process.env.API_HOST,
});
adapter.use(new FacebookEventTypeMiddleware());
const controller = new Botkit({ adapter, webhook_uri: '/webhook', disable_console: true });

controller.hears('colours', 'message', async (bot, message) => {
  await bot.reply(message, {
    text: 'Which colour?',
    quick_replies: [
      { title: 'Red', payload: 'RED' },
      { title: 'Green', payload: 'GREEN' },
    ],
  });
});

controller.hears('menu', 'message', async (bot, message) => {
  const payload = {
    template_type: 'button',
    text: 'What would you like?',
    buttons: [{ type: 'postback', title: 'A person', payload: 'PERSON' }],
  };
  await bot.reply(message, { channelData: { attachment: { type: 'template', payload } } });
});

controller.on('facebook_postback', async (bot, message) => {
  if (message.text !== 'PERSON') return;
  await bot.api.callAPI('/me/pass_thread_control', 'POST', {
    recipient: { id: message.sender.id },
    target_app_id: process.env.INBOX_APP_ID,
    metadata: 'asked for a person',
  });
});

controller.on('message', async (bot, message) => {
  if (message.quick_reply) await bot.reply(message, `${message.text} it is (${message.quick_reply.payload}).`);
});
