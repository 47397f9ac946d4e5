def money: (. * 100 | round) as $cents
  | ($cents / 100 | floor | tostring) + "." + ("0" + ($cents % 100 | tostring))[-2:];
def named($table): . as $code | if . == null then null else $table[ascii_upcase] // $code end;
def stated: with_entries(select(.value != null));
def filled: if . == null or . == "" then empty else . end;
def whole: {
  first_name: .firstName, last_name: .lastNameOrSurname, company: .companyOrOrganization,
  address1: .address.address1,
  address2: ([.address.address2, .address.address3, .address.address4 | filled] | join(", ") // null),
  city: .address.cityOrTown, state_match: .address.stateOrProvince, postal_code: .address.postalOrZipCode,
  country_match: (.address.countryCode | named($country))
} | stated;
. as $order
| [.payments[]?.billingInfo.billingContact // empty] as $payers
| [.billingInfo.billingContact, $payers[], .fulfillmentInfo.fulfillmentContact, .alternateContact | values] as $contacts
| ($contacts | map(select(.firstName or .lastNameOrSurname)) | first) as $name
| {
  channel_refnum: (.orderNumber | tostring),
  channel_date_created:
    (.submittedDate // .acceptedDate // .auditInfo.createDate | sub("\\.[0-9]+"; "") | fromdateiso8601),
  calc_mode: "order",
  customer: ({
    first_name: $name.firstName,
    last_name: $name.lastNameOrSurname,
    email_address: (.email // ($contacts | map(.email // .emailAddress | filled) | first)),
    phone_number: ($contacts
      | map(.phoneNumbers.home, .phoneNumbers.mobile, .phoneNumbers.work, .phoneNumber | filled) | first)
  } | stated),
  bill_addr: ([.billingInfo.billingContact, $payers[], .fulfillmentInfo.fulfillmentContact | values
    | select(.address.address1)] | first | whole),
  ship_addr: ([.fulfillmentInfo.fulfillmentContact, .billingInfo.billingContact, $payers[] | values
    | select(.address.address1)] | first | whole),
  shipcode: (.fulfillmentInfo.shippingMethodName // .fulfillmentInfo.shippingMethodCode
    // ([.items[]? | .shippingMethodName // .shippingMethodCode | values] | first)),
  gift_message: (.shopperNotes.giftMessage // ([.items[]?.giftInfo.giftMessage | filled] | unique | join(" / "))),
  ip_address: .ipAddress,
  attributes: {},
  items: [.items[]? | select(.quantity != 0) | {
    channel_refnum: (.id // (.lineId | tostring)),
    sku: (.product.variationProductCode // .product.productCode // .product.sku),
    sku_title: ([.product.name, (.product.bundledProducts[]? | select(.optionAttributeFQN) | .name)] | join(" + ")),
    quantity: .quantity,
    unit_price: (.unitPrice | .extendedAmount // .overrideAmount // .saleAmount // .listAmount | money),
    unit_tax: 0
  } | stated],
  shipping_amt: (.shippingTotal + .handlingTotal + .dutyTotal | money),
  tax_amt: (.taxTotal // (.itemTaxTotal + .shippingTaxTotal + .handlingTaxTotal) | money),
  discount_amt: ((.discountTotal | fabs) - .adjustment.amount),
  payment: [.payments[]?
    | select(.status | IN("Voided", "VoidPending", "Declined", "RolledBack") | not) | {
      type: "charge",
      amount: (if .subPayments then [.subPayments[] | select(.target.targetId == $order.id) | .amountRequested] | add
        else .amountRequested end | money),
      params: {
        payment_type: (.billingInfo.card.paymentOrCardType // .paymentType | named($tender)),
        channel_refnum: .id
      }
    }]
} | stated
