SELECT queue, laned, keyed, fair, ordered, step, tasks FROM SCHEMA.layouts
