"""Vectors that standards and others' code publish, typed in as facts, each with its source."""

from __future__ import annotations

from attrs import frozen


@frozen
class Signed:
    """A row as published: chain, address, message, signatures, keys or script."""

    chain: str
    address: str
    message: str
    signatures: tuple[str, ...]
    keys: tuple[str, ...] = ()


BIP322 = [
    Signed(
        "BTC",
        "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l",
        "Hello World",
        (
            "smpAkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=",
        ),
    ),
    Signed(
        "BTC",
        "bc1qp0ahvfh83088w49k405szqgg4f3pptr7p2g06tdxfjcd40z4lh4q95lsz9",
        "This will be a p2wsh 3-of-3 multisig BIP 322 signed message",
        (
            "smpBQBHMEQCIFX9aaqPJWq2Ff2kpen5bFDTid+ehgUOpHV0LfjncXy4AiA3GNicF7aKPzdpa9PCpmaYQs3pHd+qbvvhXdxOCKCAMAFIMEUCIQD/ELXg6CNYyUQijCg96JtgvgjZb9dsl1Ctof4QAeyTcQIgVM/1AAblFl/DCt6A1gJg+T/i2qU5SQD09+chFJzolRwBSDBFAiEAlqRfSFyWNVQhvaCnmeV5tyneiCWMTcFbuujoD/pFa3wCIGnZjfQb8NolSYq9asV+ZeBSkCGHJcqnaV4JYS5MYPEGAWlTIQJ1aLEfEi/4p7wcV+XHZCBVvGGJZ7L3v+jhH+mZA8lN0yECCovfec+kIdllXpKCgA8RX/HZ2x5yHOtCSKP8/sf6pnwhAwxSng6kCgCXXSAmJOOZFdr3vdK3HzGqCFloOHgc5fM6U64=",
        ),
    ),
    Signed(
        "BTC",
        "bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler",
        "No prefix fallback",
        ("AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R",),
    ),
    Signed(
        "BTC",
        "bc1qqthe0hz8klx90e7stf6shclhsvqd5ly96pn53v",
        "2V6TUTMSH4VQ3Z7WZWKYD7DFNH",
        (
            "smpAkgwRQIhALC6hdfxNy1n45d7UXSskRBdfZW0Al259E1kDMpipdYkAiAJPfZqb+WurZuf1apU5xeE6Igui9dvt5tihQLDvxlY1AEhAqbnruyo677ktQjio7XOchO3w51Dh9AbRVngha5jtNfT",
        ),
    ),
    Signed(
        "BTC",
        "bc1pcquvhrqv0q68t4m0hfq6tpn006qrskyc7yrqnp2uyrf2emg3wynsdjyk38",
        "PURVOQ544B6HUATVBJZN5EZJUU",
        ("smpAUB6B2Rbupzua8LTQIF06516wzl+cwKy1be8RgoiW0riyXdKwe6GTz/5Hnb37m67pJwIKCh+D5jDueG6KpvYpmu8",),
    ),
    Signed(
        "BTC",
        "bc1qw6g0rgrpuxvj4edkwtvzpmt3c5m08mhp8nuk3mrk4erufvlczp5ssdscjd",
        "G7ZTXXOVJFHGDD6XYJAGBAMT5A",
        (
            "smpBABIMEUCIQCKl1f9Cj26k0fFWE48+O4ibhYJYPytbDZWJRaaG9BybwIgCbk+3BViWkpuu2RI+41dwtlQ/m/01G860pTFCzDFfokBSDBFAiEA0O77DJsaM7IO+Ht06sp3umzXB64CNNOwf2isZuPfdmwCIGlggOwRSkXsqlPhE1gMdd5hf7ycL33Orfrr4v/XnMGSAUdSIQNsu/OwZurHvJMoiJoSAmmCHLoqIc5Wblh+rek+7rhASCECgYVkUspeAxwRfM6v4GRBhN/gGxTfpPqZuOlBIYZxTJZSrg==",
        ),
    ),
    Signed(
        "BTC",
        "bc1qazhmhwl9sxgjmwnd96hh926s3x5l0cf64yy6hvyn6qms438x550qy5sgva",
        "Z3SB7SRL555ZGOHVMYT5WG7RIZ",
        (
            "smpBQBHMEQCICNI6H6b+VCZV9Z2H6EW5hPrE1buC6SJuy2ljSNmQlGfAiASbm5UrA8KH6TwF6evx7COV+i27ubiq2v9TyLYPOO63gFIMEUCIQCMOFnJbg0sy88G6wUXjv5stjVgfvAokOogWsisdkAnlAIgETfBw7kJhISFu9vIomFcEF/1NsN6c0h3KjNcpmNAZtMBSDBFAiEA/lUU+wBeA3prt8vHRpcQN763OYZ8L61DfN0QI/gkHpMCIB2qHwgoXNTH0sdqeAMD2ah7dSTie2bflax3Q3I/GibQAWlTIQKo003Zjj9Jg/kT7sOA7cTdIKmzsrIYBAuPd9hj8FZuHCEC6BdalMtwbjcx2vJjVelv7BJml0rY7Q5ze+PWen6tb5shAytperlYBs69tbn86t3pINqXy0NzttKZKi6Y8X+USQXaU64=",
        ),
    ),
    Signed(
        "BTC",
        "13vU5PUSuArDXJdCWZvUFEbgJ2wcmtSJWn",
        "MOISC5NCQ42ADH2SUXLELUJOWH",
        (
            "fulAgAAAAGn3Z6t/gsHNyHdgZTOVro0Hej+qbd/ilU1ACalKoHX3gAAAABqRzBEAiB+8t/tm8Jm6zYv9JGZZVlAUjmqg7ZglIA39U+bim8EKQIgDv3E5cHOagN+xYgN3ZQjTYlAJp/WyslwJWuFP1TmM3IBIQJcPK2h9SY+Ki1oussvHnMdFAhJgsYBFPl+rNcMv9P1ROAHAAABAAAAAAAAAAABauAHAAA=",
        ),
    ),
    Signed(
        "BTC",
        "bc1qrqtlzcq86850yzgsyq9sssawx2qxlx5yq3xpkd",
        "KLE5MMJBTNF4AVZXIO3GIL5UWF",
        (
            "fulAgAAAAABAUrfzHHOLAKmgCIFSTT3krp+cQxj1BDPBN4GBg3tRmFXAAAAAADgBwAAAQAAAAAAAAAAAWoCSDBFAiEAjYj85zyhQKa9DbMO0reDwdhkNwKJkF3q2qFcijXDgMUCIAaQ75s3fwqrCeYIUJugLvhxZFxQIVquGN90vIKCW3QLASEDMurnDzvc0zABUwVwCADfGXoDx/M3SQnYt7e3IHDoU3PgBwAA",
        ),
    ),
    Signed(
        "BTC",
        "bc1pve87s3l2levjmhetzr2f9xvep3y266xty0hnefmyv8tkxc3e4qssll2kdu",
        "XQMVC3YR6AOGZIHLSUQ2NSSBI2",
        (
            "fulAgAAAAABAROFPNY6Zt8hFK0YQq5Wb6wk/CnUYEPtQ0HTHDyzNROrAAAAAADgBwAAAQAAAAAAAAAAAWoBQNRdLOo5XZY0SBqAsLZNr/z3Bqrmo3OxVn7e4tD/OOD4H9U/L1unq5Nmdz+S1w7SHtt46bFwnd8xnRVan8BofFfgBwAA",
        ),
    ),
    Signed(
        "BTC",
        "32Utb7Seg6EXq7UesMNJXhQ1gdohYNyzQ9",
        "EMYGZHEY3LIANYKCR7XJF3NMFQ",
        (
            "fulAgAAAAABAe5xLNMlYQH4OGjJ3h4lqQaVp0Cic7mwxkvyWswqFMXeAAAAABcWABSy/hpDH/KLAi4x25Tmb2UaO1xtWeAHAAABAAAAAAAAAAABagJHMEQCIDEleqb0n1R5c21TGkWRXNFae98wbwI0QOyh/YmRuQX1AiAcv1MhyTzPOVgZ1VIwuu0tDxrVJUHK8lhOUOXpsZnGwwEhAsjeDEoWX8hvEC8A/692yGQsPh6JBO8Zf4aITEQsKAcJ4AcAAA==",
        ),
    ),
    Signed(
        "BTC",
        "bc1qg8r3cl47rrr75dwvr7jhzdukptegnmq8v0nmjd2jdn4qvlczqkts0rqtav",
        "QXYOWYWO7ZGJC4OPNC367HBUQF",
        (
            "fulAgAAAAABAXshuDM6YKy1LClwk1ZOM5egX7RTFPOCvtxJkYFYk/FEAAAAAADgBwAAAQAAAAAAAAAAAWoEAEgwRQIhAI9uOxvqmBV0pldOoKWnSYhjobNhP4F+gxO0QlOdGtxFAiBROcNruLigZE4lj1DJEh8yGrqS00MeW463EO78TsaRFgFIMEUCIQCAhIqYuU4wDA2AYsU+QDVyucH4Tm/NSDP2+txyPMKEkAIgfuGlSh7ncxb2yV3S3aOF5uwHGqtIZjp3b4HW0d35EckBR1IhAkT3y4QqTOTzUs5AYq5eCl1g1vqgsHtiwgY0hKpSl7vOIQI07tYZDvxHcWuVOgULVj+LK1I63eqVWuQzUd0qkqpJ9FKu4AcAAA==",
        ),
    ),
    Signed(
        "BTC",
        "bc1q8vy6jhfe8ca0uruvr4aqkjk75dpg5m30rnwatg60uhya00dhlyqs2xvt2a",
        "3VJANNKSXPLND6YRKG6CUEUZXX",
        (
            "fulAgAAAAABAU2vSmP5XYqecVKygaRRribDp5piMoVxUkxUnFSff8kRAAAAAADgBwAAAQAAAAAAAAAAAWoFAEgwRQIhAKBSw74gHlx272y4RzyU/ap7iNO5rmB6XXgBOy3Qsc/EAiBUnSrF/XhvuvAwi/mMme0JDpuCvl+oZ9C4f3H8OemXCAFIMEUCIQDK3wH0l2AvJ5FZ923ZMJkY1z0MBh1Nee9wjK7tVxFz5gIgdC1XBD/IdBPtx1xmyvSFhbIJlvnz98fPTm50K6KaXpEBSDBFAiEAyP3nXTzXrTmzq54x8jAY02ERHycEYzYqT9cpRTeEWg4CIHxRk3e3oPrM9oCZ8xcgNQ3lRhyc+G0qdDIl6qa8SN4AAWlTIQIlBvEshNuT7T6Ja01YgHs0G31etR15oRdjg2JJs6Hf5CEDBbFTr8NwzY8uUi5qQ1z16XJjdr9VZ1LBpDcElWryIwUhAkLyDL4FQMvj0TI89hZZ8ja4nCrlk9235CCAWXmU0hbgU67gBwAA",
        ),
    ),
    Signed(
        "BTC",
        "3PGZjFkYBL1m9WBWkWbCW5FEFTaS1Hj4EB",
        "NQVRV3DJYLKBANM3OPTNBULEU3",
        (
            "fulAgAAAAABAVscdBvYDFN98A//Rt/fAWcN7mdM0x2yWzBjC33c7X5HAAAAACMiACDkkR/DseXy+GXBPtxHvHehUjHt+9XjRmZAgxuuomAC4eAHAAABAAAAAAAAAAABagQASDBFAiEA47YK5XeIGBMQC9bCfWb+IIfirIWlqAzQVc6E/lgBPZICIA0k/EO2t3YhqmYR5WdXUBGgAzR+IqgZ5/mxvj+4UoDTAUgwRQIhAPCIVZCSoIaOjY9BzYIXWEvbhpOl4JR88p/xYVoZObd6AiADyJXNqpDg/Lc2viPX14N2d0jQdEjamY4SmiU7GNbIOgFHUiED+4JBU/wACiE8VFbQF4DR8pKgz7+8X2+PHccTcGxVGdEhA9uIzp+4CB5QRgvrN1OXQbBmfW8kOd0cooPWMYJCHBCxUq7gBwAA",
        ),
    ),
    Signed(
        "BTC",
        "3Nye4j1GUFqCEBR3do2KEFZAs9oLe8NZ6X",
        "7OKFLKRXSP6J42VQOMSG7MVXEP",
        (
            "fulAgAAAAEvAyd4zsoz8gcVU5H19GLYokTAN5PxuKCBlEPjODJ86gAAAADaAEcwRAIgT6rcfxgCmG6b3DpzNV6UG0jiCQGclG9sfiSpV45HDXMCIGgtqjFBuJ7rbi+cgnG0TZiKZaxMk0KI+gQd0pHJfEYCAUgwRQIhANCvCLjGMuZMzH+nCEkNhWhR45T6QRYMLin8utpuF9r1AiBTjG2NLjkre7ec+HPg8UUhK1jL1vgq7YKjq5ROv+h07AFHUiEDhKjcb/Pv1/7AYutzOXwgec08wwD/VwiPm58Lc0xjohghAhycjpwdBuP33orQXAH1CAsrgSkuspxM2+FPQ4OCVhQWUq7gBwAAAQAAAAAAAAAAAWrgBwAA",
        ),
    ),
]
"""BIP-322, bip-0322/basic-test-vectors.json and generated-test-vectors.json: simple and full."""


BIP322_TIME_LOCKED = [
    Signed(
        "BTC",
        "bc1p6vffkx7vcyezrjq7pg9qqdjv7vmtanfhk8ukwsn4syejwmarmhxqp0rw5x",
        "AY2VOQOXYI5CN2EHZKLOX7ZI37",
        (
            "fulAgAAAAABAaza7/ukfX9ZdxCUvK7CPJgADDdPdF7ikXVKWctd5EHrAAAAAADgBwAAAQAAAAAAAAAAAWoEQPvuT0enYGwsab2lsPZU0U3OcRkGng+o/PAt4QU2lc8hG7lTUmflkt0To+eoipv2vptf0TlGOBCsKU5xE3kXKcMAS2MgrYfXhOkh0CvwuJpB+O3tal2ECfO0v7k1/A4PTlGcQiBnAuAHsnUgJjLn4tl5ytgC8CNTyITXmg4rx9ctxPedwRMPEBvfoUBorCHBJjLn4tl5ytgC8CNTyITXmg4rx9ctxPedwRMPEBvfoUDgBwAA",
        ),
    ),
    Signed(
        "BTC",
        "bc1qhqcmw7ud03vqde3pe6hzajaylhucmlatrkcztzpnk8vpgvhg9dzq5ydark",
        "MGKMA2MJUBDHT55J7MHOLM7UPE",
        (
            "fulAgAAAAABAYYJeOOOi3c33O+dholAwiF51Amy/E0qIf3ew2vFtDtTAAAAAADgBwAAAQAAAAAAAAAAAWoDSDBFAiEA64MwD2HkJjPLPAc2u5ia6ZdwCVO3okzVqGPEXnuJGZQCIE27BGOBQTdwJ2M/Wdsm6nFVunqaj+xZBSG/g/64FMbtAQBNYyEDrYfXhOkh0CvwuJpB+O3tal2ECfO0v7k1/A4PTlGcQiBnAuAHsnUhA4ZGGvodKgqeg/ZYffm6miaKaG57VkCSjmmRprCa+ulyaKzgBwAA",
        ),
    ),
]
"""The same: scripts with time locks."""


EXCHANGE = [
    Signed(
        "BTC",
        "1DcT5Wij5tfb3oVViF8mA8p4WrG98ahZPT",
        "I am an OKX address",
        ("IA1jDx3zkn4J4F6mCVU68Vm7TwNf+bCsp+hKo3LwV/Y+PlZEoNsajnAHqd/FrEmv5/VAGz7pPiWPOXjmCLRfxIM=",),
    ),
    Signed(
        "BTC",
        "3Fs7C97NmvhWUZ2pSjth9YbTxMv4sk9nHi",
        "I am a OKX address",
        (
            "H2vshvcYTGrUw0XG1AundmbivdrhTWUOTqcXKhN+MqbaEfVYfGkgDhEumiJoEJFhlzuma6bBpg4pXNUHoTENOPI=",
            "H1eFA8Y2woAnDqxamcLDMVDr4Jd8g6PiagExWCyzvZNZU8xZ2TKV2RNcbXArRgUfniLzgJFvzmBEUC6vgM5bd7A=",
        ),
        (
            "522103447bead626f13c79de937c0879b64172e5984456a47350b44e8bd23a02e6895e2103864969c155d42c5f61999bcaafeadfc8574b033142f03b5bf3025c6794570b952103304fa164de84f710e44a563f5038d355d6a36a1d7f25695cba884f0b4b6d184653ae",
        ),
    ),
    Signed(
        "BTC",
        "bc1qpypsu8sytw959yu53dk48eaq9saxumwegzwd4anava9qe40k6gfqyrsxaq",
        "I am a OKX address",
        (
            "IKfykjJJSywz2g/KGXvWwE1aphUvryiBaNQYK0m4Ain7QkNhM7VjwV964DPn4dvpOGyzhQYSAqLIz1BOBXbIQcY=",
            "H0FnZYEXYbmrnh8sreeUO7wL8BPPKKSPDyYvZbjn/tOCVpxnZLN3yL8lyyPHkl3NttL7WDHVx/jxG5HBLbR7T5k=",
        ),
        (
            "522102b514e7ccc2845d3f1ca7181dacab0d1ac277616e753547922f82cc0cdfb5c691210318c30ad87d44e7c8b940b47e6963aabfda0581a1e1aac59019b9b1589179aa7a2103d7a534927a03b195a0082d53ab15145bbac8964ffb09d54869da2e59ea1b100553ae",
        ),
    ),
    Signed(
        "DOGE",
        "9vbpNnyNRZpSWzptDwxGhw2Vny2yJ4W9V2",
        "I am an OKX address",
        (
            "H/Oog7EXWzpoR7CA4yV6k5IYH+aQreIxHuMmBTH53ucWVKLn8F7lLJNNPwe67ElPYr49Ox2PpXyExr+W9+pYIgw=",
            "H3LGI7d7ZIMSRf+S9TrfdUrTM+tPA21MRnLyANqaH3LwWzSZAZtxJo4dGZs8JSL7dPkM9NWtMg7bTlLN8pIU0iE=",
        ),
        (
            "5221037c660ee71005b5e991068021448ed61a650ef018f56c4614b28ae4618169107c2103aa2fdc3e4a5207c68d452dc42f615dee425eea6c2b7ef61f8a677fbff076fa9a2103d23a7924f45f3288816b91fdaba88ea688020b364bf55e506d21f8c8787dd71853ae",
        ),
    ),
    Signed(
        "DASH",
        "7XswsaSt9HtGfrLvboEEzhsmPBSSky1mnu",
        "I am an OKX address",
        (
            "INc+CF8jxNHTyJvnWzbsUe98mRA9eywBVuK1Dd1YTzLgTKiUa8dwfror+px/hlK/hHQ0R7saUi28ijQRCwYJWA0=",
            "IFMFCCk781/sT/oHoUxL5oZpqQZlImQrhJ3odvkVWARcaK4EAl3XPEA/IVgxh6VaSLmMP/Wno1dxWdmxe2gcs3U=",
        ),
        (
            "522102f5c9ab0dd178eb44cd6baae7c1698ae23caec399d58da93a32509665113152742103729f817997a0442e6a39ee0c15f0cd3a17e55ef768ae6f055b2c323a1cba9eb121021e6568b58ef452791f56d0ba2f2ea1200c730f114ab88701833a0a2cf77ef09e53ae",
        ),
    ),
    Signed(
        "LTC",
        "MH7Qru4KFC6tLSiSq7bTWUDyiXERwzdqKp",
        "I am an OKX address",
        (
            "ID7R92j4VjjajZGAqRWyHVEAGLfbJZnIKD7uZVyMPYNqf3Cp0BxeFSuZ8c+weifZ8M3DBE8F2ftDV7s9XYTLPus=",
            "H2wcYS+Osohhi06wr78H4Gn8zsB9Oqw9aTRo7OEdTJNaWNGwoo+6zwsywdfUXk6IgxY7hreo0I/s8fIjHJceFdQ=",
        ),
        (
            "522103c4a04606ac7b32924f0fc0b8aadbf925c139738701a09138bc7c42cb9a3609da21034b8b29e6f460e6293423173863a9cca093bbbd865a611abd984fd674d2537e5b210350ade45e21816652e9812bb39f55e0e8cad02a0884c3c024ab642a43cd8094a353ae",
        ),
    ),
    Signed(
        "LTC",
        "ltc1qzvcgmntglcuv4smv3lzj6k8szcvsrmvk0phrr9wfq8w493r096ssm2fgsw",
        "I am an OKX address",
        (
            "IGLtPax4D8T/a5YIfTjqT4hoy8j71gG+yFeKPUhH4xKTcgEFxLXrJF+2ZLgPoqKGBt+QSNH6l7RK7bIZzVIvzBA=",
            "Hzs4gdaoFHT1hfVqyi2tvoIhGiUTP/vVETd2QPtg8Uu/eGzec6oK5DvVIK0oUMC8G0dfWgrEcJM4IE7MIHS4oBc=",
        ),
        (
            "5221024ae22b49865207865e57b5056abb1e9f6480a6621a246b7066ab84c3b7f9d2b5210255f79ad111076c25b3f6d5e2e99250b6150b1d1b6af10f860f41f63c68859704210247eb8b75b8e50a8a33a7d9ada81f3ecaa05228bfeec3274bc6520637f2eacbf553ae",
        ),
    ),
    Signed(
        "LTC",
        "LectSLekhkxEQBHofNFHa3pVHndnb4Z9fN",
        "I am an OKX address",
        ("ILEkfsIaFagDnMq0pY9qS4yIAjTFlpDknLCVm5dhMHbnZn0SXC+Op9jQfD4wbu+Rpxs1N5ut6c2349GEM8AFx0A=",),
    ),
    Signed(
        "ETH",
        "0x52b311c52436789f3754bd199bf3886b8ccbab4c",
        "I am an OKX address",
        (
            "0x98767aedf0ed8bad7413e7c2e6b134ae6baaf5d913c9a8e2659b93922edfbca90cf5fc97e6385aec280a2b7dcdf7d2a95e91f0d99632ab7ed0c167e5628d3d841c",
        ),
    ),
    Signed(
        "BABYDOGE-BSC",
        "0x07e47ed3c5a8ff59fb5d1df4051c34da67fc5547",
        "hello world",
        (
            "0x9c271461e5876fac4e5a02aee7a877831a91cee6a24b75cafd8650ac72b2a5e5147e2e90558d4e38d113ff54e734f041687f41268d55ff7850791e1e2833dc061b",
        ),
    ),
    Signed(
        "FIL-EVM",
        "f410fa7sh5u6fvd7vt625dx2akhbu3jt7yvkhgdp55ki",
        "hello world",
        (
            "0x9c271461e5876fac4e5a02aee7a877831a91cee6a24b75cafd8650ac72b2a5e5147e2e90558d4e38d113ff54e734f041687f41268d55ff7850791e1e2833dc061b",
        ),
    ),
    Signed(
        "ETH-LINEA",
        "0xd3d7dbe73bbdd5a5c7a49ca322763c4d400fc240",
        "I am an OKX address",
        (
            "0x75f1d8203bef472f4f5f2627b186eb6d700544633690f4f368ea3d6d069040ac378b84765bf4fecfc4d62d807158817a0d6f5d2ac13121aba578ff0f6880067b1c",
        ),
    ),
    Signed(
        "OKB-X1",
        "0x74be7cb4fadcda2e9df4dd7fa4dc3a069888838e",
        "I am an OKX address",
        (
            "0xa3632aa7bf9f83a77e85c35cee44354bed5a7b243e3814425eb2e80f809355c44f28fd1b8d53522a2b6d4387039ab47c6c4dd8b971603469b6b0ba1f9845b7b11b",
        ),
    ),
    Signed(
        "SOL",
        "7bzoTJhZmpU1vQVjN63fQ3iVYmWCVgQh1sYSqsjuapU9",
        "hello world",
        (
            "0x282c737229f72d03275ac7bc5955da027d693d90dd9e6d4c2aafcc4f272de3be0be08637552027abb68e4d2818e060846b002e490d8bbe36e6dae8b2508fd40a",
        ),
        ("0x621d398b19304995ee140c21afc544d62382d387b5c08dfd096b475a304339ea",),
    ),
    Signed(
        "DOT",
        "15WXogcgXnHsZ1FeuNc6cg34i8R6JCXgWrDLNLERLLesJ7bf",
        "hello world",
        (
            "0x996528cea9ae0ef66a0c1782cf281726f3e167906e9eb61161558c482f5b92b5439e0662b2b72906cd2a155903fed4b739652a4ddd97689618793e90d8f2d608",
        ),
        ("0xc776bfbeeeb0b1ddd1ce6cccf55ce795f5306bf63de37d72e5af50b3be23ce49",),
    ),
    Signed(
        "APTOS",
        "0x327dd297dfacf7c2d8207aaa23c0f0e8bcaf4c1612febbf63b9f7376810b8ec8",
        "hello world",
        (
            "0xe5eea05d4156e1aef7867739b86f560b3b6a14a9525b53b436b5ff16ce8ca9490d4e5586ddc469b43453cf9796d87a4c4d3ead5d8dd3a2e88026713ae866e30b",
        ),
        ("0x61f579fc779146304353027b425a216d8015889c5f3b715ad26135b862f3bf84",),
    ),
    Signed(
        "TONCOIN-NEW",
        "EQA5rifVSCc8qQfpCXvq4zJGJPsA0EPCDoWdtg234INftsWj",
        "hello world",
        (
            "0xaa406900fdf658e793850d7d47798fa501098db4a6697ac460c1d2800152f40174d2705f1ec87b1a0b34434647b0efed2b7b70569bc00e8bbc3561c372aacc0b",
        ),
        ("0x3d2696e3d5cbc9047b338e6a56552db1d43ca6e063bc7aa667b18005984372d2",),
    ),
    Signed(
        "APTOS",
        "0x4062a7375a1ab2bb8bc33d2c1cb2f6b0afa1cef98ea7a5afec7afc96675fe1d",
        "I am an OKX address",
        (
            "0xc084c15b8fcfbbf7fcc6b3a8131c885e40eccebfd53472ade25c2ba3d57f2bc1f5089d5a29d68a812477013ea948d06ef77f5894040f7026f323ffd2cdc0640b",
        ),
        ("0x04d1885cf7d4add68ebf2953c1e3406c5ee0e9b9d6c07782ec6bae9fa4bd9335",),
    ),
    Signed(
        "ADA",
        "addr1v80axvuddhj0mhlyzk9ness59ev752qvpw53fvf5xjy24yqhvxq3j",
        "I am an OKX address",
        (
            "0xac22bb399d0f93c5e17e43a8f1dd3b145e4c439546b7aa41555f434f304b05020e16ae220dd5721b8cd7f280416217ac5d0905ecb9792c712d13b4ed7b005208",
        ),
        ("0x6adf88e2c6c0773abdf059e16d1800af03a44e6031dbd66e27fa31256db08b69",),
    ),
    Signed(
        "FIL",
        "f1lzszobfjwres2otlbitgpbeo6ha72sujwsdjy5i",
        "hello world",
        (
            "0xcde439bce3471220be8d58eb09a35a8c11320f2cbaeb6714816972b044d059542acbd3618f90cbc5d4baa208105a0c0b0ebe98d4353f4ba1e2abda6a362103c81c",
        ),
    ),
    Signed(
        "OKT",
        "ex1a0ugda5r0hc3vrzu9wyfkx22vz3g2y2paegqvc",
        "hello world",
        (
            "0xf4d27cc1407e186ae8cf5c3c4ac8c4bb7d20dda7b5de2b1b212e660cb1115f0b5c8a545ee4b18da7e8e78a6d03e094411ff82f0421dc96e364febdd4bd8b86d41c",
        ),
    ),
    Signed(
        "OKT",
        "0x07e47ed3c5a8ff59fb5d1df4051c34da67fc5547",
        "hello world",
        (
            "0x0dc53fbecb12f7e14e6eabcb5c9c4e03373318a271d984d56d984ab6b7b9494a73544be662c164490d1d958ae20caf309f0d8003847f1b68c14ead516dfaa83b1c",
        ),
    ),
    Signed(
        "ELF",
        "2XNagboftecQgKRtgG8W5zpdRiZWinUfsfZm62a5NmmEVoZG7X",
        "hello world",
        (
            "0x933d483f718750d43841cabff4884650221fb0425a72ac98839286927851651645b07275d9f0083622f7925300b0959762c01d8b7610818e89da7315fd0f567d1c",
        ),
    ),
    Signed(
        "OKB-OKC20",
        "0xeb196a61f9a1e35bf5053b65aaa57c5541dcba86",
        "I am an OKX address",
        (
            "0xe8df58ec46822f86a0a2fb547260ac55caeeb256916a8c2aabcc01cbdfc13ff264992f2127f3e1cc8e45bf936947c50c8ea097602712e6868526d7fccd9273bc1c",
        ),
    ),
    Signed(
        "OKT",
        "0x4ce08ffc090f5c54013c62efe30d62e6578e738d",
        "I am an OKX address",
        (
            "0xa181d622f9a1d1aac327c026a46d11c95a44fb8994a07d232a15b79c12d225a7059db547c0a79b67605f68930d8d0f93a9939589c4fc70041e66322efc61a2421b",
        ),
    ),
    Signed(
        "TRX",
        "TEjxQjU3CxkFrSDcPfHwZXSuPpCpdQ27NJ",
        "OKC_DTT_AUP2025",
        (
            "0xb52562f78a945b7a1fcfbbc4bc19c3dc80f0ed10ba633f37266ad25dbe9100910e1a5712f2c90e61b05d10ba7c43d0fbba2a06c48d9b7425b8229c3ea617ffa31b",
        ),
    ),
    Signed(
        "BTC",
        "393maTY7rQScy4SmYE1XSXUSgK73byhgfA",
        "OKC_DTT_AUP2025",
        (
            "IDRyTg89A1N6quCCnj3jLht3Dboar6rSh/7YlhxbVN1RfVOYti0fyRcWXplLQjbPgDChthLssytrbDFVDcLA750=",
            "IJ+Wf/va772DV2ETAGxN7mo2VECUM9kQBMpUNvAJBnrgM8/o2C3+ID7Z6E5QZTS+VLCZ8Bgtym0rxcLfFLl0B+s=",
        ),
        (
            "5221027adce0bd3080066ab90c68199ff73128b3ff8c847d15d9e4c6e88fb4c6e6486b210273fa0df3ffceeda23b0074d9fe83d9ee3a209fad6e4546fdec5ede39abcbb70d2102a38ce748c5a1e1889f0d72ecd6f2130f5f73a11e01fff9f0d22796e40217571953ae",
        ),
    ),
    Signed(
        "LTC",
        "MFFutLx5oXJ3mZife6zsGAir11hVbmUF99",
        "OKC_DTT_AUP2025",
        (
            "HzQdk7Jt9N4J6xQxFQSF1Ts/m5cNLVIgYgv75eg8KjZ9fyxQgpS3f8Aywp8yd5g/IpAe36eMgBNadSbQkjATnmI=",
            "H1Ni/G3cPbjLTzn5Bmm1WDu5wPKLwCmzKzXVzwzz3EJCOREBWusePO3ZYvAoVALuVBurKHhWSLTdO6sZw5A43oM=",
        ),
        (
            "5221027adce0bd3080066ab90c68199ff73128b3ff8c847d15d9e4c6e88fb4c6e6486b210273fa0df3ffceeda23b0074d9fe83d9ee3a209fad6e4546fdec5ede39abcbb70d2102a38ce748c5a1e1889f0d72ecd6f2130f5f73a11e01fff9f0d22796e40217571953ae",
        ),
    ),
]
"""github.com/okx/proof-of-reserves, common/crypto_test.go and verify_test.go: what an exchange signs."""

BITCOIN_CORE = [
    Signed(
        "bitcoin",
        "15CRxFdyRpGZLW9w8HnHvVduizdL5jKNbs",
        "Trust no one",
        ("IPojfrX2dfPnH26UegfbGQQLrdK844DlHq5157/P6h57WyuS/Qsl+h/WSVGDF4MUi4rWSswW38oimDYfNNUBUOk=",),
    ),
    Signed(
        "bitcoin",
        "11canuhp9X2NocwCq7xNrQYTmUgZAnLK3",
        "Trust me",
        ("IIcaIENoYW5jZWxsb3Igb24gYnJpbmsgb2Ygc2Vjb25kIGJhaWxvdXQgZm9yIGJhbmtzIAaHRtbCeDZINyavx14=",),
    ),
]
"""Bitcoin Core, src/test/util_tests.cpp, message_verify."""

ELECTRUM = [
    Signed(
        "bitcoin",
        "15hETetDmcXm1mM4sEf7U2KXC9hDHFMSzz",
        "Chancellor on brink of second bailout for banks",
        ("IDsu0U/THAsPz/MSuXGBKSULz2dTfmrg1NsAhFp+wH5a1gZoH8kE7O05lE65YLZFzLx3sh/rDzXMbo1dQAJhhnU=",),
    ),
    Signed(
        "bitcoin",
        "15hETetDmcXm1mM4sEf7U2KXC9hDHFMSzz",
        "Chancellor on brink of second bailout for banks",
        ("Hzsu0U/THAsPz/MSuXGBKSULz2dTfmrg1NsAhFp+wH5aKfmX4Db7ExLGa7FGn0m6Mf43KsbEOWpvUUUBTM3Uusw=",),
    ),
    Signed(
        "bitcoin",
        "3DYoBqQ5N6dADzyQjy9FT1Ls4amiYVaqTG",
        "Electrum",
        ("HyFaND+87TtVbRhkTfT3mPNBCQcJ32XXtNZGW8sFldJsNpOPCegEmdcCf5Thy18hdMH88GLxZLkOby/EwVUuSeA=",),
    ),
    Signed(
        "bitcoin",
        "bc1qq2tmmcngng78nllq2pvrkchcdukemtj56uyue0",
        "Electrum",
        ("HyFaND+87TtVbRhkTfT3mPNBCQcJ32XXtNZGW8sFldJsNpOPCegEmdcCf5Thy18hdMH88GLxZLkOby/EwVUuSeA=",),
    ),
]
"""Electrum, tests/test_bitcoin.py; the first has high s, and is there because Bitcoin Core takes it."""

TREZOR = [
    Signed(
        "bitcoin",
        "1C7zdTfnkzmr13HfA2vNm5SJYRK6nEKyq8",
        "This is an example of a signed message.",
        ("H0Tj5GH3yp9XxHLOGighTfHeHa3vtlUaMtGQe4DHTVofv9baq6Et2MsGaZzj9pQfvg85V7WALRMHYYEEbnQeqq8=",),
    ),
    Signed(
        "bitcoin",
        "1JwSSubhmg6iPtRjtyqhUYYH7bZg3Lfy1T",
        "This is an example of a signed message.",
        ("G6d+Aanhe6FYuWLP718T3+1nb/wrS62iTlj3hEWLUrl0IUcNAB1T1YgM9eEOdvAr4+gL8h4YOYy9QejDtK90yMI=",),
    ),
    Signed(
        "bitcoin",
        "1KzXE97kV7DrpxCViCN3HbGbiKhzzPM7TQ",
        "žluťoučký kůň úpěl ďábelské ódy",
        ("HMaU8PI5Ad/jYDeJFC82o/xYLQ1cDschXPLM1kHk43IoUE89TcPuoou9v12ifEnUY1wJcATZ8ih1DM2Dao4UYMA=",),
    ),
    Signed(
        "bitcoin",
        "3L6TyTisPBmrDAj6RoKmDzNnj4eQi54gD2",
        "This is an example of a signed message.",
        ("I3RN5FFvrFwUCAgBVmRRajL+rZTeiXdc7H4k28JP4TMHWsCTAcTMjhl76ktkgWYdW46b8Z2Le4o4Ls21PC7gdQ0=",),
    ),
    Signed(
        "bitcoin",
        "bc1qannfxke2tfd4l7vhepehpvt05y83v3qsf6nfkk",
        "This is an example of a signed message.",
        ("KLVddgDZ6afipJFV3fPP2455bCB/qrgzAQ+kH7eCiIm8R89iNIp6qgkjwIMqWJ+rVB6PEutU+3EckOIwfw9msZQ=",),
    ),
]
"""Trezor, trezor-firmware, test_verifymessage.py and test_signmessage.py of its device tests; the first has high s."""

KEEPKEY = [
    Signed(
        "bitcoin",
        "1JwSSubhmg6iPtRjtyqhUYYH7bZg3Lfy1T",
        "VeryLongMessage!" * 64,
        ("G93ArtnPThDcn1d3CTT0+3KifEUQoPSoHgnBY1UkFveZzT8hH/7tD0Eemvm5J0B9ZxFfttCrGJcTcEjv4zQX/ME=",),
    ),
    Signed(
        "bitcoin",
        "14LmW5k4ssUrtbAB4255zdqv3b4w1TuX9e",
        "VeryLongMessage!" * 64,
        ("IF/3lcKa73U4+LO9suit0NByKtYwoUC2rv1QSlqJXL2GfLsAmBr8UO3QOYIR6NfDBLuO+kYRgbwK+mfqSnIKie0=",),
    ),
]
"""KeepKey, python-keepkey, tests/test_msg_verifymessage.py; the first has high s."""

BITCOINJS = [
    Signed(
        "bitcoin",
        "1HZwkjkeaoZfTSaJxDw6aKkxp45agDiEzN",
        "This is an example of a signed message.",
        ("HJLQlDWLyb1Ef8bQKEISzFbDAKctIlaqOpGbrk3YVtRsjmC61lpE5ErkPRUFtDKtx98vHFGUWlFhsh3DiW6N0rE=",),
    ),
]
"""bitcoinjs-lib before version 2, test/integration: high s."""

WEB3 = [
    Signed(
        "ethereum",
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23",
        "Some data",
        (
            "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd"
            "6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c",
        ),
    ),
]
"""web3.js documentation, web3.eth.accounts.sign: EIP-191."""

EOS = Signed(
    "EOS",
    "okbwallet1tr",
    "OKC_DTT_AUP2025",
    ("SIG_K1_K1fyBKSBw62ioqwFAFUhuFeCF5SbjbDv387RMAoQVy2VqmM1MhEXZSQ4A38PX7g128NBAanXMkwqYErAD1LNZR2ZWQigJz",),
    ("EOS7nGMZSQxyvJkH5WDnuGsSQMp7yCRYA5AX4GMAXh6WtmqnMT79X",),
)
"""github.com/okx/proof-of-reserves, example/test.csv."""

VALIDATOR = Signed(
    "BETH",
    "0x82f5af1eb567301d0f71fe56e4bf8aa6e4ffa00c9ac92a8f67aae056b7f19e18be645f6d46c7862de8f1342fc4786853",
    "hello world",
    (
        "0x98d6aa7da816638b8c27a1b6ff9a46529948960743300814f0413499b04886cdc65f63b273461ebaf42be17f08ca01fa"
        "13c964bf5a2d988c5c7fe745b472a90dcc86b522543c70020b5ce525b5ffaf6e4e4a7ce80b40049a509b12c32045541a",
    ),
)
"""github.com/okx/proof-of-reserves, common/crypto_test.go, TestBETHVerifySignature."""

CHECKSUMMED = [
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]
"""EIP-55, test cases."""

SEGWIT = [
    ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc", "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
    (
        "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
        "bc",
        "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6",
    ),
    ("BC1SW50QGDZ25J", "bc", "6002751e"),
    ("bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs", "bc", "5210751e76e8199196d454941c45d1b3a323"),
    (
        "tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy",
        "tb",
        "0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433",
    ),
    (
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "bc",
        "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    ),
]
"""BIP-350, valid addresses: address, prefix, output script."""

NOT_SEGWIT = [
    "tc1qw508d6qejxtdg4y5r3zarvary0c5xw7kg3g4ty",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "BC13W508D6QEJXTDG4Y5R3ZARVARY0C5XW7KN40WF2",
    "bc1rw5uspcuh",
    "bc10w508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kw5rljs90",
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "bc1zw508d6qejxtdg4y5r3zarvaryvqyzf3du",
    "bc1gmk9yu",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",
    "bc1pw5dgrnzv",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
]
"""BIP-173 and BIP-350, invalid addresses."""

SS58_ALICE = (
    "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
    "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",
)
"""Substrate's development account Alice: account id, and its address with Polkadot's prefix (subkey inspect)."""

XRP_GENESIS = (
    "0330E7FC9D56BB25D6893BA3F317AE5BCF33B3291BD63DB32654A313222F7FD020",
    "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh",
)
"""The account of the XRP Ledger's genesis (xrpl.org, "Accounts"; key of the passphrase "masterpassphrase")."""

FILECOIN_F1 = ("ea0f0ea039b291a0f08fd179e0556a8c3277c0d3", "f15ihq5ibzwki2b4ep2f46avlkrqzhpqgtga7pdrq")
"""github.com/filecoin-project/go-address, address_test.go (there under the test network's t): payload, address."""

FILECOIN_KEY = (
    "04c7d2209a4b286046cdeaf457e499a40a9a1da5d7bc6e85c05e5ac9e6af9c7a35063c8a8efaa7cc4cd294c3b76dd4b0a3f5773cc421fef44e6a"
    "99914c8c85c971",
    "f12cs7ppvnhwhma3xzhkm4pavq2q47blmprcxvg6i",
)
"""github.com/okx/proof-of-reserves, common/ecdsa_test.go: key, address."""

FILECOIN_F410 = ("0xd388ab098ed3e84c0d808776440b48f685198498", "f410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy")
"""docs.filecoin.io, "Address types": an Ethereum address and its f410 spelling."""

TON_RAW = (
    "EQDKbjIcfM6ezt8KjKJJLshZJJSqX7XOA4ff-W72r5gqPrHF",
    "0:ca6e321c7cce9ecedf0a8ca2492ec8592494aa5fb5ce0387dff96ef6af982a3e",
)
"""docs.ton.org, "Smart contract addresses": friendly and raw."""

TON_WALLETS = [
    (
        "dcc39550bb494f4b493e7efe1aa18ea31470f33a2553c568cb74a17ed56790c1",
        "v3r2",
        "EQCvoBT5Keb46oUhI_DpX0WXFDdX9ZyxXBfX3FC9cZa90nQP",
    ),
    (
        "29d07498c4654cbb9fc40907c2d5080378d75a8c5be04ca53cd664e0a0c7179f",
        "v3r1",
        "UQADgAfAIcLrtL9V9EpIVhRyLtwzVq324g-PFKa4JMFPOGfP",
    ),
    (
        "29d07498c4654cbb9fc40907c2d5080378d75a8c5be04ca53cd664e0a0c7179f",
        "v3r2",
        "UQAnnVwSCsdM-Tukh4qxzSySbtts9HP3tOgR1oQ_bR9wTy39",
    ),
    (
        "29d07498c4654cbb9fc40907c2d5080378d75a8c5be04ca53cd664e0a0c7179f",
        "v4r2",
        "UQDNrm1gX7-Vn3_dF-CsUcBqxKG-xqnGqEtHv2opLn9kso_F",
    ),
    (
        "29d07498c4654cbb9fc40907c2d5080378d75a8c5be04ca53cd664e0a0c7179f",
        "v5r1",
        "UQA_IG06Eebapl2jBgH_UX64VG8wb0DDmEI9jWhKWBji220F",
    ),
]
"""github.com/xssnick/tonutils-go, ton/wallet/address_test.go and seed_test.go (key of the seed words by SLIP-10)."""

TON_CODE = {
    "v3r1": (
        "b5ee9c724101010100620000c0ff0020dd2082014c97ba9730ed44d0d70b1fe0a4f2608308d71820d31fd31fd31ff82313bbf263ed44d0d31f"
        "d31fd3ffd15132baf2a15144baf2a204f901541055f910f2a3f8009320d74a96d307d402fb00e8d101a4c8cb1fcb1fcbffc9ed543fbe6ee0"
    ),
    "v3r2": (
        "b5ee9c724101010100710000deff0020dd2082014c97ba218201339cbab19f71b0ed44d0d31fd31f31d70bffe304e0a4f2608308d71820d31f"
        "d31fd31ff82313bbf263ed44d0d31fd31fd3ffd15132baf2a15144baf2a204f901541055f910f2a3f8009320d74a96d307d402fb00e8d101a4"
        "c8cb1fcb1fcbffc9ed5410bd6dad"
    ),
    "highload v3": (
        "b5ee9c7241021001000228000114ff00f4a413f4bcf2c80b01020120020d02014803040078d020d74bc00101c060b0915be101d0d3030171b0"
        "915be0fa4030f828c705b39130e0d31f018210ae42e5a4ba9d8040d721d74cf82a01ed55fb04e030020120050a02027306070011adce76a268"
        "6b85ffc00201200809001aabb6ed44d0810122d721d70b3f0018aa3bed44d08307d721d70b1f0201200b0c001bb9a6eed44d0810162d721d70"
        "b15800e5b8bf2eda2edfb21ab09028409b0ed44d0810120d721f404f404d33fd315d1058e1bf82325a15210b99f326df82305aa0015a112b99"
        "2306dde923033e2923033e25230800df40f6fa19ed021d721d70a00955f037fdb31e09130e259800df40f6fa19cd001d721d70a00937fdb31e"
        "0915be270801f6f2d48308d718d121f900ed44d0d3ffd31ff404f404d33fd315d1f82321a15220b98e12336df82324aa00a112b9926d32de58"
        "f82301de541675f910f2a106d0d31fd4d307d30cd309d33fd315d15168baf2a2515abaf2a6f8232aa15250bcf2a304f823bbf2a35304800df4"
        "0f6fa199d024d721d70a00f2649130e20e01fe5309800df40f6fa18e13d05004d718d20001f264c858cf16cf8301cf168e1030c824cf40cf83"
        "84095005a1a514cf40e2f800c94039800df41704c8cbff13cb1ff40012f40012cb3f12cb15c9ed54f80f21d0d30001f265d3020171b0925f03"
        "e0fa4001d70b01c000f2a5fa4031fa0031f401fa0031fa00318060d721d300010f0020f265d2000193d431d19130e272b1fb00b585bf03"
    ),
}
"""The wallets' code as bags of cells: tonweb WalletSources.md; highload-wallet-contract-v3 build output."""

EOS_KEYS = (
    "02c0ded2bc1f1305fb0faac5e6c03ee3a1924234985427b6167ca569d13df435cf",
    "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV",
    "PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63",
)
"""EOSIO documentation, the development key: bytes, legacy and current spelling."""

CARDANO_CIP8 = Signed(
    "cardano",
    "addr1q8aw6dzpw3cld828cqywp0sql4sxfw6syhzyh2kfcfccakddqwj2u3djrag0mene2cm9elu5mdqmcz9zc2rzgq7c5g6qshxn7l",
    "\u2709 this is the input message \u2709",
    (
        "845846a201276761646472657373583901faed34417471f69d47c008e0be00fd6064bb5025c44baac9c2718ed9ad03a4ae45b21f50"
        "fde67956365cff94db41bc08a2c2862403d8a234a166686173686564f45821e29c8920746869732069732074686520696e70757420"
        "6d65737361676520e29c895840681d92bec9b500d1999acd60499bd9e6e4f7c2ea22052ee38e56fde0b9d96e188a45c9a9a18cb637"
        "5c5e65558809ea3b0c9d1e8a61a913f3a0d2cc0f7c676c05",
    ),
    ("a401010327200621582048362707efe478336740139127d8468aca10bf1358d2ab903d2d58876c99733b",),
)
"""GameChanger wallet, documentation of GCScript, "Inline Scripting Language": what its signDataWithAddress returns."""

CARDANO_KEY = (
    "73fea80d424276ad0978d4fe5310e8bc2d485f5f6bb3bf87612989f112ad5a7d",
    "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8",
    "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x",
)
"""CIP-19, test vectors: verification key, enterprise and base address of the main network."""

CARDANO_SCRIPTS = [
    "addr1z8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gten0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgs9yc0hh",
    "addr1w8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtcyjy7wx",
    "addr1gx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer5pnz75xxcrzqf96k",
]
"""CIP-19: addresses of types 1 and 7 (script) and 4 (pointer)."""
