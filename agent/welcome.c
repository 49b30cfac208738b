#include "agent/welcome.h"

#include "base/log.h"

#include <string.h>

/* What an operator types to look through a door. The addresses were parsed before. */
static void say_nc(const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *host = *text == '[' ? text + 1 : text;
    int len = (int)(colon - host) - (*text == '[');

    if (strncmp(text, "unix:", 5) == 0)
        log_write(LOG_LEVEL_INFO, "raw lines: nc -U %s", text + 5);
    else
        log_write(LOG_LEVEL_INFO, "raw lines: nc %.*s %s", len, host, colon + 1);
}

static void say_curl(const char *text)
{
    if (strncmp(text, "unix:", 5) == 0)
        log_write(LOG_LEVEL_INFO,
                  "metrics: curl --unix-socket %s 'http://localhost/metrics?quantity=1'", text + 5);
    else
        log_write(LOG_LEVEL_INFO, "metrics: curl %s'http://%s/metrics?quantity=1'",
                  *text == '[' ? "-g " : "", text);
}

static void say_forgetful(const struct config *config)
{
    bool acts = config->commands[PLAN_ACTIVATE].given || config->commands[PLAN_RELEASE].given;

    if (acts && !config->state_dir)
        log_write(LOG_LEVEL_WARNING,
                  "parachute: without a state_dir it does not remember what was run: after a "
                  "restart a command may run again");
}

void welcome_say(const struct config *config)
{
    if (config->http_on)
        say_curl(config->http_listen_text);
    if (config->lines_on)
        say_nc(config->lines_listen_text);
    for (size_t i = 0; i < config->target_count; i++)
        log_write(LOG_LEVEL_INFO, "graphite: %s", config->targets[i].name);
    say_forgetful(config);
}
