#include "agent/config/fault.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192
#define ESCAPED_BYTES 4 /* \xNN */

static void (*fault_take)(void *arg, const char *line);
static void *fault_arg;

void fault_to(void (*take)(void *arg, const char *line), void *arg)
{
    fault_take = take;
    fault_arg = arg;
}

int fault_write(const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    size_t len = 0;
    va_list args;

    va_start(args, format);
    int made = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (made < 0)
        return -1;
    for (const char *p = text; *p && len + ESCAPED_BYTES + 1 < sizeof line; p++) {
        unsigned char c = (unsigned char)*p;

        if (c < 0x20 || c > 0x7e)
            len += (size_t)snprintf(line + len, ESCAPED_BYTES + 1, "\\x%02x", c);
        else
            line[len++] = (char)c;
    }
    line[len] = '\0';
    if (fault_take) {
        fault_take(fault_arg, line);
        return -1;
    }
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return -1; /* there is nowhere left to say so */
    return -1;
}

const char *fault_show(char shown[FAULT_SHOWN_MAX], const char *bytes, size_t len)
{
    bool whole = len < FAULT_SHOWN_MAX;
    int kept = whole ? (int)len : FAULT_SHOWN_MAX - (int)sizeof "...";

    snprintf(shown, FAULT_SHOWN_MAX, "%.*s%s", kept, bytes, whole ? "" : "...");
    return shown;
}
