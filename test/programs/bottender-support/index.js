/** Listens on standby, takes over when the thread is passed to it, and passes hard cases to the inbox. */
module.exports = async function SupportBot(context) {
  const { event } = context;
  if (event.isEcho) return;
  if (event.isStandby) {
    const overheard = event.isPostback ? `[${event.postback.title}]` : event.text;
    if (overheard) context.setState({ overheard: [...context.state.overheard, overheard] });
  } else if (event.isPassThreadControl) {
    await context.sendButtonTemplate(`Support here (${event.passThreadControl.metadata}). What is it about?`, [
      { type: 'postback', title: 'My order', payload: 'ORDER' },
      { type: 'postback', title: 'A complaint', payload: 'COMPLAINT' },
    ]);
  } else if (event.isPostback && event.postback.payload === 'ORDER') {
    await context.sendText(`Before, you said: ${context.state.overheard.join(', ')}.`);
  } else if (event.isPostback && event.postback.payload === 'COMPLAINT') {
    await context.passThreadControlToPageInbox('a complaint');
  } else if (event.isText) {
    await context.sendText(`You said: ${event.text}`);
  }
};
