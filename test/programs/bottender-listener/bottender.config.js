module.exports = {
  channels: {
    messenger: {
      enabled: true,
      appId: process.env.APP_ID,
      appSecret: process.env.APP_SECRET,
      accessToken: process.env.PAGE_TOKEN,
      verifyToken: process.env.VERIFY_TOKEN,
      origin: process.env.GRAPH_ORIGIN,
    },
  },
};
