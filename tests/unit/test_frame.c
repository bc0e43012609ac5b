// SPDX-License-Identifier: GPL-2.0-only
/* links: daemon/datapath/frame.o */
/* Frame pools: every frame once, exhaustion, addresses of a UMEM, nothing left over from a former use. */
#include <stdlib.h>
#include <CUnit/CUnit.h>

#include "datapath/frame.h"
#include "lib/cunit.h"

#define N 8

static void every_frame_once(void)
{
	void *mem = aligned_alloc(4096, N * FRAME_SIZE);
	struct frame_pool *p = frame_pool_new(mem, N);
	struct frame *f[N];

	CU_ASSERT_EQUAL(frame_pool_available(p), N);
	for (int i = 0; i < N; i++) {
		f[i] = frame_get(p);
		CU_ASSERT_PTR_NOT_NULL_FATAL(f[i]);
		CU_ASSERT_EQUAL(f[i]->data - f[i]->buf, FRAME_HEADROOM);
		memset(f[i]->buf, i, FRAME_SIZE); /* overlapping frames would show below */
	}
	CU_ASSERT_PTR_NULL(frame_get(p));
	CU_ASSERT_EQUAL(frame_pool_available(p), 0);
	for (int i = 0; i < N; i++) {
		CU_ASSERT_EQUAL(f[i]->buf[0], i);
		CU_ASSERT_EQUAL(f[i]->buf[FRAME_SIZE - 1], i);
		frame_put(p, f[i]);
	}
	CU_ASSERT_EQUAL(frame_pool_available(p), N);
	frame_pool_free(p);
	free(mem);
}

static void a_used_frame_comes_back_clean(void)
{
	void *mem = aligned_alloc(4096, FRAME_SIZE);
	struct frame_pool *p = frame_pool_new(mem, 1);
	struct frame *f = frame_get(p), *again;

	f->data -= 20;
	f->len = 99;
	f->in_ifindex = f->out_ifindex = 3;
	f->meta.cause = PUNT_MTU;
	f->meta.ref = 77;
	f->meta.magic = ASA_PUNT_MAGIC;
	f->next = f;
	frame_put(p, f);
	again = frame_get(p);
	CU_ASSERT_PTR_EQUAL(f, again);
	CU_ASSERT_EQUAL(again->data - again->buf, FRAME_HEADROOM);
	CU_ASSERT_EQUAL(again->len + again->in_ifindex + again->out_ifindex, 0);
	CU_ASSERT_EQUAL(again->meta.cause, PUNT_NONE);
	CU_ASSERT_EQUAL(again->meta.ref, 0);
	CU_ASSERT_NOT_EQUAL(again->meta.magic, ASA_PUNT_MAGIC);
	CU_ASSERT_PTR_NULL(again->next);
	frame_put(p, again);
	frame_pool_free(p);
	free(mem);
}

static void addresses_find_their_frame(void)
{
	const __u64 base = 3ull * N * FRAME_SIZE;
	void *mem = aligned_alloc(4096, N * FRAME_SIZE);
	struct frame_pool *p = frame_pool_new_at(mem, N, base);

	for (int i = 0; i < N; i++) {
		struct frame *f = frame_get(p);

		CU_ASSERT_PTR_EQUAL(frame_from_addr(p, f->umem_addr), f);
		CU_ASSERT_PTR_EQUAL(frame_from_addr(p, f->umem_addr + FRAME_HEADROOM), f);
		CU_ASSERT_PTR_EQUAL(frame_from_addr(p, f->umem_addr + FRAME_SIZE - 1), f);
		CU_ASSERT_PTR_EQUAL(f->buf, (__u8 *)mem + (f->umem_addr - base));
	}
	/* what the kernel would never say is refused all the same */
	CU_ASSERT_PTR_NULL(frame_from_addr(p, base - 1));
	CU_ASSERT_PTR_NULL(frame_from_addr(p, 0));
	CU_ASSERT_PTR_NULL(frame_from_addr(p, base + N * FRAME_SIZE));
	CU_ASSERT_PTR_NULL(frame_from_addr(p, ~0ull));
	frame_pool_free(p);
	free(mem);
}

static void an_empty_pool(void)
{
	struct frame_pool *p = frame_pool_new(NULL, 0);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	CU_ASSERT_PTR_NULL(frame_get(p));
	CU_ASSERT_PTR_NULL(frame_from_addr(p, 0));
	frame_pool_free(p);
	frame_pool_free(NULL);
}

int main(void)
{
	static const struct asa_cunit_test tests[] = {
		{ "every_frame_once", every_frame_once },
		{ "a_used_frame_comes_back_clean", a_used_frame_comes_back_clean },
		{ "addresses_find_their_frame", addresses_find_their_frame },
		{ "an_empty_pool", an_empty_pool },
		{ NULL, NULL },
	};

	return asa_cunit_main("frame", tests);
}
