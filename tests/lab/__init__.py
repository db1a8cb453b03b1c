"""The lab: real Asterisk 22 and 16 on loopback, with phones that answer, talk in tones, hold, transfer, record.

    python -m tests.lab.build              # once, as root on Debian or Ubuntu; tests build what is missing themselves

    def test_a_call(scene):                # on 22 and on 16; `scene22`: on 22 alone; `asterisk` is scene.lab
        lab = scene.lab                    # lab.host, lab.ami_port, lab.user("supervisor").secret, lab.queue_log
        scene.add_member("sales", "1001", "Ana 王芳", style="freepbx")   # phones and their manners: numbers.py
        handle = scene.queue_call("sales", "5550001", "A caller")        # handle.uniqueid, handle.channel
        now = time.time()
        assert scene.tape("1001").heard(CALLER_TONE, now, now + 0.5)     # audio.py: who hears whom
        scene.blind_transfer("1001", "1004")                             # also hold, consult, park, spy, restart ...
        for moment in SCENES["attended_transfer"](scene): ...            # ready-made plays: story.py, scenes.py

All of it blocks: in an async test call it by ``await asyncio.to_thread(scene.queue_call, "sales")``. The fixtures
(fixtures.py) reset calls, members, statistics, configuration and queue_log between tests. ``CCOPS_LAB_VERSIONS=22``
narrows, ``CCOPS_REQUIRE_LAB=1`` turns skips into failures, ``-m "not asterisk"`` leaves these tests out; proxy.py
spoils the link.
"""
