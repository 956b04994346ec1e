//! sol-parser-sdk 0.11.0, called as its own ShredStream and Yellowstone clients call it.

use crate::fixtures::Captured;
use crate::row::{Key, Row};
use mev::ids::{Venue, WSOL};
use sol_parser_sdk::DexEvent;
use sol_parser_sdk::convert_rpc_to_grpc;
use sol_parser_sdk::core::events::{PumpFunTradeEvent, TradeDirection};
use sol_parser_sdk::grpc::parse_subscribe_update_transaction_low_latency;
use sol_parser_sdk::grpc::{EventType, EventTypeFilter};
use sol_parser_sdk::shredstream::pump_ix::parse_transaction_dex_events_with_filter;
use solana_sdk::pubkey::Pubkey;
use solana_sdk::transaction::VersionedTransaction;
use solana_transaction_status::EncodedConfirmedTransactionWithStatusMeta;
use yellowstone_grpc_proto::prelude::{SubscribeUpdateTransaction, SubscribeUpdateTransactionInfo};

/// Swaps and nothing else: what it is asked for.
pub fn swaps_only() -> EventTypeFilter {
    EventTypeFilter::include_only(vec![
        EventType::PumpFunTrade,
        EventType::PumpSwapTrade,
        EventType::RaydiumLaunchlabTrade,
        EventType::RaydiumCpmmSwap,
        EventType::RaydiumClmmSwap,
        EventType::RaydiumAmmV4Swap,
        EventType::OrcaWhirlpoolSwap,
        EventType::MeteoraPoolsSwap,
        EventType::MeteoraDammV2Swap,
        EventType::MeteoraDbcSwap,
        EventType::MeteoraDlmmSwap,
    ])
}

/// Wire bytes to events, as its ShredStream client does it (`shredstream/client.rs`): wincode,
/// `sanitize`, outer instructions. `events` is used again, as there.
pub fn wire(wire: &[u8], filter: Option<&EventTypeFilter>, events: &mut Vec<DexEvent>) {
    events.clear();
    let Ok(tx) = wincode::deserialize::<VersionedTransaction>(wire) else { return };
    if tx.sanitize().is_err() {
        return;
    }
    let signature = tx.signatures.first().copied().unwrap_or_default();
    parse_transaction_dex_events_with_filter(&tx, signature, 1, 0, 1, filter, events);
}

/// A transaction in the form in which Yellowstone sends it.
pub fn update(captured: &Captured) -> Result<SubscribeUpdateTransaction, String> {
    let rpc: EncodedConfirmedTransactionWithStatusMeta =
        serde_json::from_value(captured.rpc.clone()).map_err(|error| error.to_string())?;
    let (meta, transaction) = convert_rpc_to_grpc(&rpc).map_err(|error| format!("{error:?}"))?;
    let signature = transaction.signatures.first().cloned().unwrap_or_default();
    let info = SubscribeUpdateTransactionInfo {
        signature,
        is_vote: false,
        transaction: Some(transaction),
        meta: Some(meta),
        index: 0,
    };
    Ok(SubscribeUpdateTransaction { transaction: Some(info), slot: rpc.slot })
}

/// What the chain says a transaction swapped.
pub fn fills(captured: &Captured) -> Result<Vec<Row>, String> {
    let events = parse_subscribe_update_transaction_low_latency(&update(captured)?, 0, None, None);
    Ok(events.iter().filter_map(fill).collect())
}

/// Whether an event is a swap.
pub fn is_swap(event: &DexEvent) -> bool {
    fill(event).is_some()
}

/// An event as a row; `None` for what is no swap. A default is what it writes for "not known".
fn fill(event: &DexEvent) -> Option<Row> {
    let row = match event {
        DexEvent::PumpFunTrade(trade)
        | DexEvent::PumpFunBuy(trade)
        | DexEvent::PumpFunSell(trade)
        | DexEvent::PumpFunBuyExactSolIn(trade) => pump(trade),
        DexEvent::PumpSwapBuy(e) => Row {
            a_to_b: Some(false),
            ..traded(
                Venue::PumpSwap,
                e.pool,
                [e.quote_mint, e.base_mint],
                [
                    // The program swaps the two fields' meanings with the instruction: the larger
                    // is what the user gives.
                    e.user_quote_amount_in.max(e.quote_amount_in),
                    e.base_amount_out,
                ],
            )
        },
        DexEvent::PumpSwapSell(e) => Row {
            a_to_b: Some(true),
            ..traded(
                Venue::PumpSwap,
                e.pool,
                [e.base_mint, e.quote_mint],
                [e.base_amount_in, e.user_quote_amount_out],
            )
        },
        DexEvent::RaydiumLaunchlabTrade(e) => {
            let sells = matches!(e.trade_direction, TradeDirection::Sell);
            let mints = turned(sells, e.base_mint, e.quote_mint);
            let amounts = [e.amount_in, e.amount_out];
            Row {
                a_to_b: Some(sells),
                ..traded(Venue::RaydiumLaunchlab, e.pool_state, mints, amounts)
            }
        }
        DexEvent::RaydiumCpmmSwap(e) => {
            // Input net of its transfer fee, output before its own (tests/support/rpc_corpus.rs).
            let amounts = [
                e.input_amount.saturating_add(e.input_transfer_fee),
                e.output_amount.saturating_sub(e.output_transfer_fee),
            ];
            let mints = [e.input_token_mint, e.output_token_mint];
            traded(Venue::RaydiumCpmm, e.pool_id, mints, amounts)
        }
        DexEvent::RaydiumClmmSwap(e) => {
            let sides = [(e.amount_0, e.transfer_fee_0), (e.amount_1, e.transfer_fee_1)];
            let [gives, gets] = if e.zero_for_one { sides } else { [sides[1], sides[0]] };
            let amounts = [gives.0.saturating_add(gives.1), gets.0.saturating_sub(gets.1)];
            let mints = [e.input_mint, e.output_mint];
            let row = traded(Venue::RaydiumClmm, e.pool_state, mints, amounts);
            Row { a_to_b: Some(e.zero_for_one), ..row }
        }
        DexEvent::RaydiumAmmV4Swap(e) => {
            traded(Venue::RaydiumAmmV4, e.amm, [Pubkey::default(); 2], [e.amount_in, e.amount_out])
        }
        DexEvent::OrcaWhirlpoolSwap(e) => {
            let mints = turned(e.a_to_b, e.token_mint_a, e.token_mint_b);
            let amounts = [e.input_amount, e.output_amount.saturating_sub(e.output_transfer_fee)];
            let row = traded(Venue::OrcaWhirlpool, e.whirlpool, mints, amounts);
            Row { a_to_b: Some(e.a_to_b), ..row }
        }
        DexEvent::MeteoraPoolsSwap(e) => {
            let amounts = [e.in_amount, e.out_amount];
            traded(Venue::MeteoraDammV1, e.pool, [Pubkey::default(); 2], amounts)
        }
        DexEvent::MeteoraDammV2Swap(e) => {
            let sells = e.trade_direction == 0;
            let mints = turned(sells, e.token_a_mint, e.token_b_mint);
            let amounts = [
                first([e.included_transfer_fee_amount_in, e.actual_amount_in, e.amount_in]),
                first([e.excluded_transfer_fee_amount_out, e.output_amount, 0]),
            ];
            Row { a_to_b: Some(sells), ..traded(Venue::MeteoraDammV2, e.pool, mints, amounts) }
        }
        DexEvent::MeteoraDbcSwap(e) => {
            let amounts = [
                first([e.included_fee_input_amount, e.actual_input_amount, e.amount_in]),
                e.output_amount,
            ];
            let row = traded(Venue::MeteoraDbc, e.pool, [Pubkey::default(); 2], amounts);
            Row { a_to_b: Some(e.trade_direction == 0), ..row }
        }
        DexEvent::MeteoraDlmmSwap(e) => {
            let mints = turned(e.swap_for_y, e.token_x_mint, e.token_y_mint);
            let row = traded(Venue::MeteoraDlmm, e.pool, mints, [e.amount_in, e.amount_out]);
            Row { a_to_b: Some(e.swap_for_y), ..row }
        }
        _ => return None,
    };
    Some(row)
}

/// Its event holds what the curve moved; the user gives the fees on top, or gets them off.
fn pump(trade: &PumpFunTradeEvent) -> Row {
    let quote = if trade.quote_amount == 0 { trade.sol_amount } else { trade.quote_amount };
    let fees = trade.fee + trade.creator_fee + trade.cashback;
    let (sells, quote_mint) = (!trade.is_buy, native(trade.quote_mint));
    let amounts = if sells {
        [trade.token_amount, quote.saturating_sub(fees)]
    } else {
        [quote.saturating_add(fees), trade.token_amount]
    };
    let mints = turned(sells, trade.mint, quote_mint);
    Row { a_to_b: Some(sells), ..traded(Venue::Pump, trade.bonding_curve, mints, amounts) }
}

/// It has a sentinel of its own for native SOL.
fn native(mint: Pubkey) -> Pubkey {
    let sentinel = sol_parser_sdk::core::events::PUMPFUN_SOLSCAN_SOL_QUOTE_MINT;
    if mint == sentinel { Pubkey::from(WSOL) } else { mint }
}

fn traded(venue: Venue, pool: Pubkey, mints: [Pubkey; 2], amounts: [u64; 2]) -> Row {
    let [mint_in, mint_out] = mints.map(known);
    let [amount_in, amount_out] = amounts.map(|amount| (amount != 0).then_some(amount));
    Row { venue, pool: known(pool), a_to_b: None, mint_in, mint_out, amount_in, amount_out }
}

fn turned(a_to_b: bool, a: Pubkey, b: Pubkey) -> [Pubkey; 2] {
    if a_to_b { [a, b] } else { [b, a] }
}

fn known(key: Pubkey) -> Option<Key> {
    (key != Pubkey::default()).then(|| key.to_bytes())
}

fn first(amounts: [u64; 3]) -> u64 {
    amounts.into_iter().find(|amount| *amount != 0).unwrap_or_default()
}
