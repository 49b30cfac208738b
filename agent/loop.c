#include "agent/loop.h"

#include "base/log.h"

#include <event2/event.h>

static void on_libevent(int severity, const char *text)
{
    log_write(severity >= EVENT_LOG_ERR    ? LOG_LEVEL_ERROR
              : severity == EVENT_LOG_WARN ? LOG_LEVEL_WARNING
                                           : LOG_LEVEL_DEBUG,
              "libevent: %s", text);
}

struct event_base *loop_new(void)
{
    event_set_log_callback(on_libevent);
    struct event_base *base = event_base_new();
    if (!base || event_base_priority_init(base, LOOP_PRIORITIES) == 0)
        return base;
    event_base_free(base);
    return NULL;
}

void loop_free(struct event_base *base)
{
    if (base)
        event_base_free(base);
    libevent_global_shutdown();
}
