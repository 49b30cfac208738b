#include "collector/cpu.h"

#include "base/log.h"
#include "collector/decimal.h"
#include "collector/procfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum counter { COUNTER_USER, COUNTER_SYSTEM, COUNTER_IDLE, COUNTERS };

/* The columns of a line of stat, as far as they are of use. What is beyond (steal, and guest,
 * which is part of user already) counts for none. */
enum column { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, COLUMNS };
enum { COLUMNS_AT_LEAST = 4 };

#define HELD_STEP_MS 3000
#define MS_PER_S 1000

struct slot {
    bool known;     /* has series */
    uint64_t round; /* the read that saw it last */
    uint32_t series[COUNTERS];
    uint64_t ms[COUNTERS];
};

struct cpu {
    struct series_table *series;
    struct procfile stat;
    uint32_t error_series;
    uint64_t ticks_per_s;
    struct slot *slots; /* by CPU number */
    size_t slot_count;
    uint64_t round; /* counts reads from 1 */
    bool error;
    struct log_complaint complaint;
};

struct cpu *cpu_new(const char *proc, struct series_table *series)
{
    struct cpu *cpu = calloc(1, sizeof *cpu);
    long ticks_per_s = sysconf(_SC_CLK_TCK);

    if (!cpu)
        return NULL;
    cpu->series = series;
    cpu->error = true;
    cpu->ticks_per_s = ticks_per_s > 0 ? (uint64_t)ticks_per_s : 100;
    cpu->error_series = series_intern(series, "system.cpu.error");
    if (cpu->error_series != SERIES_NONE && procfile_open(&cpu->stat, proc, "stat", true) == 0)
        return cpu;
    cpu_free(cpu);
    return NULL;
}

void cpu_free(struct cpu *cpu)
{
    if (!cpu)
        return;
    for (size_t i = 0; i < cpu->slot_count; i++)
        for (int c = 0; c < COUNTERS && cpu->slots[i].known; c++)
            series_release(cpu->series, cpu->slots[i].series[c]);
    series_release(cpu->series, cpu->error_series);
    procfile_close(&cpu->stat);
    free(cpu->slots);
    free(cpu);
}

static int reach(struct cpu *cpu, size_t number)
{
    if (number < cpu->slot_count)
        return 0;
    struct slot *slots = reallocarray(cpu->slots, number + 1, sizeof *slots);
    if (!slots)
        return -1;
    memset(slots + cpu->slot_count, 0, (number + 1 - cpu->slot_count) * sizeof *slots);
    cpu->slots = slots;
    cpu->slot_count = number + 1;
    return 0;
}

static int name(struct cpu *cpu, struct slot *slot, size_t number)
{
    static const char *const names[COUNTERS] = {"user", "system", "idle"};
    bool complete = true;

    for (int c = 0; c < COUNTERS; c++) {
        slot->series[c] = series_intern(cpu->series, "system.cpu%zu.%s", number, names[c]);
        complete = complete && slot->series[c] != SERIES_NONE;
    }
    slot->known = complete;
    for (int c = 0; c < COUNTERS && !complete; c++)
        series_release(cpu->series, slot->series[c]);
    return complete ? 0 : -1;
}

static uint64_t ticks_to_ms(const struct cpu *cpu, uint64_t ticks)
{
    return decimal_add(decimal_multiply(ticks / cpu->ticks_per_s, MS_PER_S),
                       ticks % cpu->ticks_per_s * MS_PER_S / cpu->ticks_per_s);
}

/* A counter that stepped back a little is held, one that stepped back far starts anew. */
static void advance(uint64_t *ms, uint64_t now_ms)
{
    if (now_ms >= *ms || *ms - now_ms > HELD_STEP_MS)
        *ms = now_ms;
}

static int take_columns(const char *at, const char *end, uint64_t ticks[COLUMNS])
{
    int count = 0;

    while (count < COLUMNS && at < end && *at == ' ') {
        at++;
        if (!decimal_take(&at, end, &ticks[count]))
            return -1;
        count++;
    }
    return count < COLUMNS_AT_LEAST || (at < end && *at != ' ') ? -1 : 0;
}

/* One line `cpu<number> <ticks> ...`, from behind `cpu`. NULL, or why it is no good. */
static const char *take_line(struct cpu *cpu, const char *at, const char *end)
{
    uint64_t number = 0;
    uint64_t ticks[COLUMNS] = {0};

    if (!decimal_take(&at, end, &number) || number > CPU_NUMBER_MAX ||
        take_columns(at, end, ticks) < 0)
        return "not understood";
    if (reach(cpu, number) < 0)
        return strerror(ENOMEM);

    struct slot *slot = &cpu->slots[number];
    if (slot->round == cpu->round)
        return "names a CPU twice";
    if (!slot->known && name(cpu, slot, number) < 0)
        return strerror(ENOMEM);

    uint64_t user = decimal_add(ticks[USER], ticks[NICE]);
    uint64_t system = decimal_add(ticks[SYSTEM], decimal_add(ticks[IRQ], ticks[SOFTIRQ]));
    uint64_t idle = decimal_add(ticks[IDLE], ticks[IOWAIT]);
    advance(&slot->ms[COUNTER_USER], ticks_to_ms(cpu, user));
    advance(&slot->ms[COUNTER_SYSTEM], ticks_to_ms(cpu, system));
    advance(&slot->ms[COUNTER_IDLE], ticks_to_ms(cpu, idle));
    slot->round = cpu->round;
    return NULL;
}

/* The lines of the CPUs stand first; what follows them is of no use here. */
static const char *take_text(struct cpu *cpu)
{
    static const char mark[] = "cpu";
    const size_t mark_len = sizeof mark - 1;
    const char *end = cpu->stat.text + cpu->stat.len;
    bool any = false;

    for (const char *line = cpu->stat.text, *newline = NULL; line < end; line = newline + 1) {
        size_t len = (size_t)(end - line);

        if (memcmp(line, mark, len < mark_len ? len : mark_len) != 0)
            break;
        newline = memchr(line, '\n', len);
        if (!newline)
            return "torn";
        if (line[mark_len] == ' ') /* the sum of all */
            continue;
        const char *why = take_line(cpu, line + mark_len, newline);
        if (why)
            return why;
        any = true;
    }
    return any ? NULL : "names no CPU";
}

void cpu_read(struct cpu *cpu)
{
    cpu->round++;
    const char *why = procfile_read(&cpu->stat) < 0 ? strerror(errno) : take_text(cpu);

    cpu->error = why;
    if (why)
        log_complain(&cpu->complaint, LOG_LEVEL_WARNING, "cpu: %s: %s", cpu->stat.path, why);
    else
        log_relieve(&cpu->complaint, "cpu: %s can be read again", cpu->stat.path);
}

void cpu_emit(const struct cpu *cpu, struct snapshot *snapshot)
{
    snapshot_add(snapshot, cpu->error_series, cpu->error);
    for (size_t i = 0; i < cpu->slot_count && !cpu->error; i++) {
        const struct slot *slot = &cpu->slots[i];

        for (int c = 0; c < COUNTERS && slot->round == cpu->round; c++)
            snapshot_add(snapshot, slot->series[c], slot->ms[c]);
    }
}
