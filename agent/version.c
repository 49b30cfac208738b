#include "agent/version.h"

#include "agent/config/jansson_used.h"
#include "collector/host.h"
#include "emitter/push/curl_used.h"

#include <event2/event.h>

/* A build by hand may lack them. */
#ifndef BUILD_CFLAGS
#define BUILD_CFLAGS "unknown"
#endif
#ifndef BUILD_LDFLAGS
#define BUILD_LDFLAGS "unknown"
#endif

#ifdef __clang__
#define COMPILER __VERSION__ /* it begins with the name */
#else
#define COMPILER "gcc " __VERSION__
#endif

static const char *or_none(const char *flags)
{
    return *flags ? flags : "none";
}

int version_print(FILE *out)
{
    const char *curl = curl_used_version();
    const char *tls = curl_used_tls();
    int written = fprintf(out,
                          "altimeter %s\n"
                          "libevent %s\n"
                          "libcurl %s, %s\n"
                          "jansson %s\n"
                          "libstatgrab %s when it was built, it does not tell its own\n"
                          "compiler: %s\n"
                          "CFLAGS: %s\n"
                          "LDFLAGS: %s\n",
                          VERSION, event_get_version(), curl ? curl : "is missing",
                          tls ? tls : "no TLS", jansson_used_version(), host_built_version(),
                          COMPILER, or_none(BUILD_CFLAGS), or_none(BUILD_LDFLAGS));

    return written < 0 ? -1 : 0;
}
