#include "emitter/ring/layout.h"

#include <stdlib.h>
#include <string.h>

struct layout *layout_new(struct series_table *table, const uint32_t *series, size_t count)
{
    struct layout *layout = malloc(sizeof *layout + count * sizeof *series);

    if (!layout)
        return NULL;
    layout->holds = 1;
    layout->count = count;
    for (size_t i = 0; i < count; i++) {
        layout->series[i] = series[i];
        series_hold(table, series[i]);
    }
    return layout;
}

struct layout *layout_hold(struct layout *layout)
{
    layout->holds++;
    return layout;
}

void layout_release(struct layout *layout, struct series_table *table)
{
    if (!layout || --layout->holds > 0)
        return;
    for (size_t i = 0; i < layout->count; i++)
        series_release(table, layout->series[i]);
    free(layout);
}

bool layout_is(const struct layout *layout, const uint32_t *series, size_t count)
{
    return layout && layout->count == count &&
           (count == 0 || memcmp(layout->series, series, count * sizeof *series) == 0);
}
