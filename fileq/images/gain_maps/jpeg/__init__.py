"""JPEGs with a gain map behind them: "Ultra HDR", those of ISO 21496-1, and those of iPhones."""
