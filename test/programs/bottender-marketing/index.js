/** Answers people who come through an ad, and hands over those who want a person. */
module.exports = async function MarketingBot(context) {
  const { event } = context;
  if (event.isStandby || event.isEcho) return;
  if (event.isPostback && event.postback.payload === 'AD_TELL_MORE') {
    await context.typingOn();
    await context.sendText('Everything for the garden is half price.', {
      quickReplies: [
        { contentType: 'text', title: 'Where?', payload: 'WHERE' },
        { contentType: 'text', title: 'Ask a person', payload: 'PERSON' },
      ],
    });
  } else if (event.isQuickReply && event.quickReply.payload === 'PERSON') {
    await context.sendText('One moment.');
    await context.passThreadControl(process.env.SUPPORT_APP_ID, 'asked for a person');
  }
};
