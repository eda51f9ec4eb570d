"""The conformance suite of ownership schemes finds what it is there for: each fault fails the test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "AllOrNothing": "test_junk_in_other_rows_does_not_affect_a_row",
    "AllSpelledAlike": "test_different_accounts_are_spelled_differently",
    "AnyKeyWillDo": "test_signing_with_ones_own_keys_does_not_prove_anothers_address",
    "AskingForMore": "test_scheme_states_its_name_and_chains_and_needs_no_arguments",
    "ChangedOnItsWay": "test_a_copy_in_another_process_judges_the_same",
    "CustodianForgotten": "test_what_a_custodian_holds_is_custodial_whatever_is_signed",
    "DeafToTheChain": "test_what_the_chain_says_decides",
    "DeafToTheMessage": "test_another_message_is_not_signed",
    "DigestsOfNothing": "test_digests_are_of_the_message",
    "HalfAnAddress": "test_an_address_with_a_changed_character_is_not_proven",
    "KeyIgnored": "test_another_wallets_key_or_script_is_refused",
    "Losing": "test_a_batch_is_judged_in_order_and_as_each_row_alone",
    "Malleable": "test_a_signature_with_a_changed_character_is_invalid",
    "Nameless": "test_a_wallets_own_signature_is_recognised",
    "OneOfThem": "test_every_signature_given_must_be_valid_and_by_another_key",
    "OneWalletForAll": "test_every_number_is_a_wallet_of_its_own",
    "Raising": "test_no_row_makes_it_raise_or_prove_something_else",
    "Remembering": "test_earlier_judgements_do_not_affect_later_ones",
    "SamplesOfNobody": "test_samples_are_accounts_of_their_secret",
    "ServingAll": "test_claims_of_its_chains_are_served_and_others_are_not",
    "ServingByVerifying": "test_serving_costs_next_to_nothing",
    "Slow": "test_long_texts_and_many_of_them_are_refused_quickly",
    "Speechless": "test_no_row_makes_it_raise_or_prove_something_else",
    "SpelledAnew": "test_spelling_an_account_twice_changes_nothing",
    "SpelledByMessage": "test_the_spelling_of_an_account_depends_on_chain_and_address_alone",
    "SpelledOtherwise": "test_results_spell_an_account_as_account_does",
    "StakesForFree": "test_a_stake_is_signed_like_anything_else",
    "Stripping": "test_a_lengthened_signature_is_invalid",
    "Talkative": "test_no_row_makes_it_raise_or_prove_something_else",
    "Trusting": "test_another_wallets_signature_is_refused",
    "Unordered": "test_a_batch_is_judged_in_order_and_as_each_row_alone",
    "WrongStatus": "test_a_wallets_own_signature_is_recognised",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_schemes.py"), CAUGHT_BY)


def test_a_sound_scheme_passes() -> None:
    assert FAULTY.failed("Sound") == set()


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_faulty_scheme_fails_the_test_of_its_fault(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
