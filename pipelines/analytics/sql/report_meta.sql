FROM out.meta;
